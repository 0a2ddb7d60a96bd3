"""Reading `mini_coco` as it lies on disk into Kaldi-style data dirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from espnet_av.config import load_config
from espnet_av.corpora.mini_coco.build import (
    IMAGE_COLUMNS,
    MANIFEST,
    SOUND_COLUMNS,
    build_mini_coco,
)
from espnet_av.corpora.mini_coco.config import SPLITS, MiniCocoConfig
from espnet_av.corpora.mini_coco.script import PARTS
from espnet_av.corpora.tsv import read_headed_tsv
from espnet_av.data.data_dir import Segment, write_data_dir
from espnet_av.data.table import parse_ctm, raise_problems
from espnet_av.errors import DataDirError

SetTables = dict[str, dict[str, str]]
SHUFFLED = "_shuffled"
"""Ending of a set whose captions belong to other pictures."""
_AGAIN = f"delete {MANIFEST} and build again"


def prepare_mini_coco(
    root: str | Path, out_dir: str | Path, *, config: Path | None = None, nj: int = 1
) -> dict[str, int]:
    """Write the sets of each language `<l>` below `out_dir`.

    `speech_train_<l>_a` and `_b` (halves with every voice in each), `speech_valid_<l>`,
    `speech_test_<l>`: sentences without pictures. `caption_{train,valid,test}_<l>`: spoken captions
    with `image.scp`, `boxes.scp` and `utt2image`; of the first two also `..._shuffled`, where the
    captions of a scene are given to the next one, for the control. Each set gets `wav.scp`, `text`,
    `utt2spk` (the voice, which speaks every language), `utt2lang`, `utt2num_samples` and `ctm` with
    phones.

    Args:
        root: the corpus.
        out_dir: receives the sets; a split without utterances gives none.
        config: YAML file of a `MiniCocoConfig`; the corpus is built by it, unless it is there.
        nj: processes that build.

    Returns:
        set -> number of utterances.

    Raises:
        ConfigError: the configuration is wrong, or the corpus was built by another one.
        DataDirError: the corpus is not complete; the message names file and line.
    """
    root, out_dir = Path(root), Path(out_dir)
    if config is not None:
        build_mini_coco(load_config(MiniCocoConfig, config), root, num_workers=nj)
    if not (root / MANIFEST).is_file():
        msg = f"{root}/{MANIFEST}: not there, so the corpus is missing or half built; give --config"
        raise DataDirError(msg)
    images = _images(root)
    sizes = {}
    for part in PARTS:
        for split in SPLITS:
            for table in sorted(root.glob(f"*/{part}_{split}.tsv")):
                for name, tables, ctm in _sets(table, images):
                    write_data_dir(out_dir / name, tables, ctm)
                    sizes[name] = len(tables["text"])
    return sizes


def _images(root: Path) -> SetTables:
    """`image.scp` and `boxes.scp` of all scenes."""
    found: SetTables = {"image.scp": {}, "boxes.scp": {}}
    for _, row in _rows(root / "images.tsv", IMAGE_COLUMNS):
        found["image.scp"][row["id"]] = f"{root}/{row['features']}"
        found["boxes.scp"][row["id"]] = f"{root}/{row['boxes']}"
    return found


def _sets(
    table: Path, images: SetTables
) -> Iterator[tuple[str, SetTables, dict[str, list[Segment]]]]:
    """Name and content of each data dir that a list of the corpus makes."""
    part, split = table.stem.split("_")
    language = table.parent.name
    phones, problems = parse_ctm(table.with_suffix(".ctm"))
    raise_problems(problems)
    sets: dict[str, SetTables] = defaultdict(lambda: defaultdict(dict))
    for where, row in _rows(table, SOUND_COLUMNS):
        half = f"_{row['half']}" if row["half"] else ""
        tables = sets[f"{part}_{split}_{language}{half}"]
        for key, value in _values(table.parent, row, where, images).items():
            tables[key][row["id"]] = value
    for name, tables in sets.items():
        ctm = {utt_id: phones[utt_id] for utt_id in tables["text"]}
        yield name, _with_images(tables, images), ctm
        if part == "caption" and split != "test":
            yield name + SHUFFLED, _with_images(_shuffled(tables), images), ctm


def _with_images(tables: SetTables, images: SetTables) -> SetTables:
    used = set(tables.get("utt2image", {}).values())
    pointers = {name: {i: rows[i] for i in sorted(used)} for name, rows in images.items()}
    return {**tables, **pointers} if used else tables


def _shuffled(tables: SetTables) -> SetTables:
    names = sorted(set(tables["utt2image"].values()))
    other = dict(zip(names, [*names[1:], *names[:1]], strict=True))
    moved = {utt_id: other[image] for utt_id, image in tables["utt2image"].items()}
    return {**tables, "utt2image": moved}


def _values(folder: Path, row: dict[str, str], where: str, images: SetTables) -> dict[str, str]:
    sound = folder / row["sound"]
    if not sound.is_file():
        msg = f"{where}: {row['id']}: {sound} does not exist; {_AGAIN}"
        raise DataDirError(msg)
    values = {
        "wav.scp": str(sound),
        "utt2spk": row["voice"],
        "utt2lang": folder.name,
        "utt2num_samples": row["num_samples"],
        "text": row["text"],
    }
    if row["image"]:
        if row["image"] not in images["image.scp"]:
            msg = f"{where}: {row['id']}: {row['image']} is not in images.tsv; {_AGAIN}"
            raise DataDirError(msg)
        values["utt2image"] = row["image"]
    return values


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (file:line, column -> value)."""
    header, rows = read_headed_tsv(path)
    if tuple(header) != columns:
        msg = f"{path}:1: expected the columns {' '.join(columns)}; {_AGAIN}"
        raise DataDirError(msg)
    for number, row in rows:
        where = f"{path}:{number}"
        if len(row) != len(columns):
            msg = f"{where}: {len(columns)} fields expected; {_AGAIN}"
            raise DataDirError(msg)
        yield where, dict(zip(columns, row, strict=True))
