"""Building `mini_coco` on disk: pictures, features and sound in parallel, then the tables."""

from __future__ import annotations

import csv
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import soundfile
import yaml

from espnet_av.atomic import atomic_write
from espnet_av.config import save_yaml
from espnet_av.corpora.mini_coco.config import MiniCocoConfig
from espnet_av.corpora.mini_coco.language import LANGUAGES
from espnet_av.corpora.mini_coco.picture import render
from espnet_av.corpora.mini_coco.regions import find_regions, region_features
from espnet_av.corpora.mini_coco.script import Drawing, Saying, write_scenes, write_script
from espnet_av.corpora.mini_coco.voices import voice_of
from espnet_av.corpora.mini_coco.word_list import package_version
from espnet_av.corpora.parallel import parallel_map
from espnet_av.corpora.spoken import SpokenLine, record
from espnet_av.data.ark import ArkWriter
from espnet_av.data.table import Segment, write_ctm
from espnet_av.errors import ConfigError
from espnet_av.rates import SAMPLE_RATE
from espnet_av.synthesis.espeak import library_version, synthesise
from espnet_av.synthesis.visemes import phoneme

logger = logging.getLogger(__name__)

MANIFEST = "manifest.yaml"
FEATURES = "features.ark"
SOUND_COLUMNS = ("id", "sound", "voice", "num_samples", "image", "half", "text")
"""Columns of `<language>/<part>_<split>.tsv`."""
IMAGE_COLUMNS = ("id", "picture", "features", "boxes")
"""Columns of `images.tsv`."""
_SPOKEN, _DRAWN = 10, 11
"""Streams of random numbers."""
_CHUNK = 64


class Spoken(NamedTuple):
    """One finished utterance."""

    line: Saying
    num_samples: int
    phones: list[Segment]


def build_mini_coco(config: MiniCocoConfig, root: str | Path, num_workers: int = 1) -> None:
    """Make the corpus below `root`; it is the same for every number of workers.

    Writes `images/<split>/<scene>.png`, `features.ark` (features and boxes of regions),
    `images.tsv`, `<lang>/<part>_<split>/<utterance>.flac` with `.tsv` and `.ctm` (phone times) of
    each such folder, `config.yaml`, and last `manifest.yaml`, whose presence says that the rest is
    complete. Sounds that are there already are kept.

    Args:
        config: what to make.
        root: folder of the corpus.
        num_workers: processes.

    Raises:
        ConfigError: `root` holds a corpus of another configuration.
        MediaError: the speech library or the word lists are missing.
    """
    root = Path(root)
    if _is_built(config, root):
        logger.info("%s: already built with this configuration", root)
        return
    lines, scenes = write_script(config), write_scenes(config)
    root.mkdir(parents=True, exist_ok=True)
    with atomic_write(root / "digest") as stream:
        stream.write(config.digest + "\n")
    save_yaml(config, root / "config.yaml")
    _make_images(scenes, config, root, num_workers)
    seconds = _make_sounds(lines, config, root, num_workers)
    manifest = {
        "digest": config.digest,
        "num_images": len(scenes),
        "num_utts": len(lines),
        "hours": round(seconds / 3600, 3),
        "espeak_ng": library_version(),
        "faker": package_version(),
    }
    with atomic_write(root / MANIFEST) as stream:
        yaml.safe_dump(manifest, stream, sort_keys=False)
    logger.info("%s: %d scenes, %d utterances", root, len(scenes), len(lines))


def _is_built(config: MiniCocoConfig, root: Path) -> bool:
    digest = root / "digest"
    if digest.is_file() and digest.read_bytes().strip() != config.digest.encode():
        msg = (
            f"{root}: holds mini_coco built with another configuration (see its config.yaml); "
            "delete the folder or choose another one"
        )
        raise ConfigError(msg)
    return (root / MANIFEST).is_file()


def _make_images(
    scenes: list[Drawing], config: MiniCocoConfig, root: Path, num_workers: int
) -> None:
    work = partial(_draw, config=config, root=root)
    drawn = parallel_map(work, scenes, num_jobs=num_workers, desc="drawing scenes", chunk=_CHUNK)
    rows = []
    with ArkWriter(root / FEATURES) as ark:
        for item, (features, boxes) in zip(scenes, drawn, strict=True):
            pointers = [ark.write_array(item.image, found) for found in (features, boxes)]
            rows.append((item.image, item.path, *pointers))
    _write_tsv(root / "images.tsv", IMAGE_COLUMNS, rows)


def _draw(item: Drawing, config: MiniCocoConfig, root: Path) -> tuple[np.ndarray, np.ndarray]:
    """Draw a scene; returns features and boxes of its regions, of which only pixels tell."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([config.seed, _DRAWN, item.number])
    picture = render(item.scene, config.picture_size, rng)
    _, png = cv2.imencode(".png", picture[..., ::-1])
    with atomic_write(root / item.path, "wb") as stream:
        stream.write(png.tobytes())
    boxes = find_regions(picture)
    return region_features(picture, boxes, config.feature_size), boxes


def _make_sounds(
    lines: list[Saying], config: MiniCocoConfig, root: Path, num_workers: int
) -> float:
    """Make and list all utterances; returns their seconds."""
    work = partial(_record, config=config, root=root)
    groups: dict[str, list[Spoken]] = defaultdict(list)
    for spoken in parallel_map(work, lines, num_jobs=num_workers, desc="speaking", chunk=_CHUNK):
        groups[spoken.line.table].append(spoken)
    for table, group in groups.items():
        group.sort(key=lambda spoken: spoken.line.utt_id)
        write_ctm(root / f"{table}.ctm", {item.line.utt_id: item.phones for item in group})
        _write_tsv(root / f"{table}.tsv", SOUND_COLUMNS, map(_row, group))
    return sum(item.num_samples for group in groups.values() for item in group) / SAMPLE_RATE


def _row(spoken: Spoken) -> tuple[str, ...]:
    line = spoken.line
    sound = Path(line.sound).relative_to(line.language)
    count = str(spoken.num_samples)
    return (line.utt_id, str(sound), line.voice, count, line.image, line.half, line.text)


def _record(line: Saying, config: MiniCocoConfig, root: Path) -> Spoken:
    utterance = speak(line, config)
    path = root / line.sound
    if not path.is_file():
        with atomic_write(path, "wb") as stream:
            soundfile.write(stream, utterance.audio, SAMPLE_RATE, "PCM_16", format="FLAC")
    return Spoken(line, len(utterance.audio), utterance.phones)


def speak(line: Saying, config: MiniCocoConfig) -> SpokenLine:
    """Synthesise a line; a few milliseconds of work."""
    origin = (config.seed, _SPOKEN, *line.part.encode(), *line.language.encode(), line.number)
    rng = np.random.default_rng(origin)
    voice = voice_of(line.voice, LANGUAGES[line.language].voice, rng)
    speech = synthesise(line.text, voice, seed=int(rng.integers(1, 2**31)))
    return record(speech, rng, phoneme)


def _write_tsv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with atomic_write(path) as stream:
        writer = csv.writer(stream, dialect="excel-tab", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
