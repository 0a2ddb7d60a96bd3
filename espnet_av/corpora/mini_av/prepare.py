"""Reading `mini_av` as it lies on disk into Kaldi-style data dirs."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from espnet_av.config import load_config
from espnet_av.corpora.clip import PICTURE_TABLES, FrameKind
from espnet_av.corpora.mini_av.build import COLUMNS, MANIFEST, build_mini_av
from espnet_av.corpora.mini_av.config import SPLITS, MiniAvConfig
from espnet_av.data.data_dir import Segment, write_data_dir
from espnet_av.data.table import parse_ctm, raise_problems
from espnet_av.errors import DataDirError
from espnet_av.text_file import read_text


def prepare_mini_av(
    root: str | Path,
    out_dir: str | Path,
    *,
    config: Path | None = None,
    frames: FrameKind = "mouth",
    nj: int = 1,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test,test_unseen}` from the corpus, all languages together.

    Each set gets `wav.scp` and `video.scp` or `film.scp` (all point at the mp4), `text`, its
    translations `text.<lang>`, `utt2spk`, `utt2lang`, the counts of frames and samples, and `ctm`
    with phones.

    Args:
        root: the corpus.
        out_dir: receives the sets; a split without utterances gives none.
        config: YAML file of a `MiniAvConfig`; the corpus is first built by it, unless it is there.
        frames: what is written of pictures: `video.scp` for mouth clips, `film.scp` for full
            frames, or both.
        nj: processes that build.

    Returns:
        set -> number of utterances.

    Raises:
        ConfigError: the configuration is wrong, or the corpus was built by another one.
        DataDirError: the corpus is not complete; the message names file and line.
    """
    root, out_dir = Path(root), Path(out_dir)
    if config is not None:
        build_mini_av(load_config(MiniAvConfig, config), root, num_workers=nj)
    if not (root / MANIFEST).is_file():
        msg = f"{root}/{MANIFEST}: not there, so the corpus is missing or half built; give --config"
        raise DataDirError(msg)
    sizes = {}
    for split in SPLITS:
        tables: dict[str, dict[str, str]] = defaultdict(dict)
        ctm: dict[str, list[Segment]] = {}
        for table in sorted(root.glob(f"*/{split}.tsv")):
            for utt_id, values in _rows(table, frames):
                for name, value in values.items():
                    tables[name][utt_id] = value
            phones, problems = parse_ctm(table.with_suffix(".ctm"))
            raise_problems(problems)
            ctm.update(phones)
        if tables:
            write_data_dir(out_dir / split, tables, ctm)
            sizes[split] = len(tables["text"])
    return sizes


def _rows(table: Path, frames: FrameKind) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (utterance, data dir table -> value) for each line of a `<split>.tsv`."""
    text = read_text(table, DataDirError, "build the corpus again")
    with io.StringIO(text, newline="") as stream:
        reader = csv.DictReader(stream, dialect="excel-tab")
        header = reader.fieldnames or ()
        if tuple(header[: len(COLUMNS)]) != COLUMNS:
            msg = f"{table}:1: expected the columns {' '.join(COLUMNS)}; build the corpus again"
            raise DataDirError(msg)
        for row in reader:
            where = f"{table}:{reader.line_num}"
            if None in row or None in row.values():
                msg = f"{where}: {len(header)} fields expected; build the corpus again"
                raise DataDirError(msg)
            yield row["id"], _values(table.parent, row, frames, where)


def _values(folder: Path, row: dict[str, str], frames: FrameKind, where: str) -> dict[str, str]:
    clip = folder / row["video"]
    if not clip.is_file():
        msg = f"{where}: {row['id']}: {clip} does not exist; delete {MANIFEST} and build again"
        raise DataDirError(msg)
    return {
        "wav.scp": str(clip),
        **{name: str(clip) for name in PICTURE_TABLES[frames] if clip.suffix == ".mp4"},
        "utt2spk": row["speaker"],
        "utt2lang": folder.name,
        "utt2num_frames": row["num_frames"],
        "utt2num_samples": row["num_samples"],
        **{name: value for name, value in row.items() if name.split(".")[0] == "text"},
    }
