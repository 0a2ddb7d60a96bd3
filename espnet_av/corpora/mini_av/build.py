"""Building `mini_av` on disk: clips in parallel, then the tables that describe them."""

from __future__ import annotations

import csv
import logging
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import soundfile
import yaml

from espnet_av.atomic import atomic_write
from espnet_av.config import save_yaml
from espnet_av.corpora.mini_av.clip import draw, speak
from espnet_av.corpora.mini_av.config import MiniAvConfig
from espnet_av.corpora.mini_av.script import Line, write_script, write_texts
from espnet_av.data.table import Segment, write_ctm
from espnet_av.errors import ConfigError
from espnet_av.media.video import write_video
from espnet_av.progress import ProgressBar
from espnet_av.rates import SAMPLE_RATE
from espnet_av.synthesis.espeak import library_version

logger = logging.getLogger(__name__)

MANIFEST = "manifest.yaml"
PARALLEL = "parallel.tsv"
"""A header of languages, then a line for each sentence that is only written."""
COLUMNS = ("id", "video", "speaker", "num_frames", "num_samples", "text")
"""Columns of `<split>.tsv`, followed by `text.<language>` for each language."""
_CHUNK = 8


class FinishedClip(NamedTuple):
    """One finished clip."""

    line: Line
    num_frames: int
    num_samples: int
    phones: list[Segment]


def build_mini_av(config: MiniAvConfig, root: str | Path, num_workers: int = 1) -> None:
    """Synthesise the corpus below `root`, laid out as MuAViC lays out its clips.

    Writes `<lang>/video/<split>/<speaker>/<number>.mp4`, `<lang>/<split>.tsv` (a header, then one
    line a clip), `<lang>/<split>.ctm` (phone times), `config.yaml`, and last `manifest.yaml`, whose
    presence says that the rest is complete; without pictures clips are `.flac`. Clips that are
    there already are kept, so an interrupted build goes on; the result is the same for every
    number of workers.

    Args:
        config: what to synthesise.
        root: folder of the corpus.
        num_workers: processes.

    Raises:
        ConfigError: `root` holds a corpus of another configuration.
        MediaError: the speech library is missing.
    """
    root = Path(root)
    if _is_built(config, root):
        logger.info("%s: already built with this configuration", root)
        return
    lines = write_script(config)
    (root / "digest").parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(root / "digest") as stream:
        stream.write(config.digest + "\n")
    save_yaml(config, root / "config.yaml")
    records = _synthesise_all(lines, config, root, num_workers)
    groups: dict[tuple[str, str], list[FinishedClip]] = defaultdict(list)
    for record in records:
        groups[record.line.language, record.line.split].append(record)
    for (language, split), group in groups.items():
        _write_tables(root / language, split, group)
    if config.num_texts:
        _write_parallel(root / PARALLEL, write_texts(config))
    manifest = {
        "digest": config.digest,
        "num_clips": len(records),
        "hours": round(sum(record.num_samples for record in records) / SAMPLE_RATE / 3600, 3),
        "espeak_ng": library_version(),
    }
    with atomic_write(root / MANIFEST) as stream:
        yaml.safe_dump(manifest, stream, sort_keys=False)
    logger.info("%s: %d clips, %.2f hours", root, manifest["num_clips"], manifest["hours"])


def _is_built(config: MiniAvConfig, root: Path) -> bool:
    digest = root / "digest"
    if digest.is_file() and digest.read_bytes().strip() != config.digest.encode():
        msg = (
            f"{root}: holds mini_av built with another configuration (see its config.yaml); "
            "delete the folder or choose another one"
        )
        raise ConfigError(msg)
    return (root / MANIFEST).is_file()


def _synthesise_all(
    lines: list[Line], config: MiniAvConfig, root: Path, num_workers: int
) -> list[FinishedClip]:
    chunks = [lines[start : start + _CHUNK] for start in range(0, len(lines), _CHUNK)]
    bar = ProgressBar(len(lines), "synthesising clips", "clip")
    records: list[FinishedClip] = []
    try:
        for finished in _in_parallel(chunks, config, root, num_workers):
            records += finished
            bar.update(len(finished))
    finally:
        bar.close()
    return records


def _in_parallel(
    chunks: list[list[Line]], config: MiniAvConfig, root: Path, num_workers: int
) -> Iterator[list[FinishedClip]]:
    """Yield the records of each chunk, in order."""
    if num_workers <= 1:
        yield from (_synthesise(chunk, config, root) for chunk in chunks)
        return
    # Spawned, not forked: the parent may already run threads of numerical libraries.
    with ProcessPoolExecutor(num_workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_synthesise, chunk, config, root) for chunk in chunks]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _synthesise(chunk: list[Line], config: MiniAvConfig, root: Path) -> list[FinishedClip]:
    cv2.setNumThreads(1)
    records = []
    for line in chunk:
        utterance = speak(line, config)
        path = root / line.video
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            if config.pictures:
                write_video(path, draw(line, config, utterance), audio=utterance.audio)
            else:
                with atomic_write(path, "wb") as stream:
                    soundfile.write(stream, utterance.audio, SAMPLE_RATE, "PCM_16", format="FLAC")
        records.append(
            FinishedClip(line, utterance.num_frames, len(utterance.audio), utterance.phones)
        )
    return records


def _write_parallel(path: Path, sentences: list[dict[str, str]]) -> None:
    with atomic_write(path) as stream:
        writer = csv.DictWriter(
            stream, list(sentences[0]), dialect="excel-tab", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(sentences)


def _write_tables(folder: Path, split: str, records: list[FinishedClip]) -> None:
    write_ctm(folder / f"{split}.ctm", {record.line.utt_id: record.phones for record in records})
    with atomic_write(folder / f"{split}.tsv") as stream:
        writer = csv.writer(stream, dialect="excel-tab", lineterminator="\n")
        writer.writerow([*COLUMNS, *(f"text.{language}" for language in records[0].line.texts)])
        for line, num_frames, num_samples, _ in sorted(records, key=lambda r: r.line.utt_id):
            texts = line.texts
            clip = Path(line.video).relative_to(line.language)
            counts = (num_frames, num_samples)
            writer.writerow(
                [line.utt_id, clip, line.speaker_id, *counts, texts[line.language], *texts.values()]
            )
