"""The images stage: shards by parallel jobs, then scp files and a report."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.data.shard import cut, delete_stale, files_to_fetch, finished_records
from espnet_av.data.source_files import write_to_fetch
from espnet_av.data.table import id_problem, sort_key, write_table
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.encoder import make_encoder
from espnet_av.images.hdf5 import Hdf5Source
from espnet_av.images.pictures import PictureSource
from espnet_av.images.report import write_report
from espnet_av.images.shard import ImagePlace, ImageShard
from espnet_av.images.source import ImageSource
from espnet_av.images.tsv import TsvSource

logger = logging.getLogger(__name__)

_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True)
class ImagePlan:
    """What the stage makes."""

    shards: list[ImageShard]
    missing: list[str]
    """Images that data dirs name, and no source has."""


def open_sources(
    paths: Sequence[Path], out_dir: Path, config: ImagesConfig, device: str = "cpu"
) -> list[ImageSource]:
    """The places where the images are, each by its kind.

    Raises:
        ConfigError: one is of no kind that is known, or what reads it is not installed.
        DataDirError: one cannot be read.
    """
    encoder = make_encoder(config, device) if any(p.is_dir() for p in paths) else None
    sources: list[ImageSource] = []
    for path in paths:
        if encoder is not None and path.is_dir():
            sources.append(PictureSource(path, config, encoder))
        elif path.suffix == ".tsv":
            sources.append(TsvSource(path, out_dir, config))
        elif path.suffix in (".hdf5", ".h5"):
            sources.append(Hdf5Source(path, config))
        else:
            what = "there is no such file or folder" if not path.exists() else "unknown kind"
            msg = f"{path}: {what}; give a detector's .tsv or .hdf5, unpacked, or a folder of "
            raise ConfigError(msg + "pictures")
    return sources


def plan_images(
    sources: Sequence[ImageSource],
    out_dir: Path,
    config: ImagesConfig,
    data_dirs: Sequence[Path] = (),
) -> ImagePlan:
    """Cut the images into shards, whatever the number of jobs.

    Args:
        sources: where they are; the first that has one gives it.
        out_dir: output of the stage.
        config: what is made.
        data_dirs: sets whose `utt2image` names the images that are wanted; none: all.

    Raises:
        DataDirError: a data dir is broken, or names none of the images.
    """
    there = _places(sources)
    wanted = _wanted(data_dirs)
    places = _match(wanted, there) if data_dirs else there
    if not places:
        msg = (
            f"{data_dirs[0]}/utt2image: none of its {len(wanted)} images, as {wanted[0]}, is in "
            f"the sources, which have {len(there)}, as {next(iter(there))}: they are of another "
            "image set; give the features of this one"
        )
        raise DataDirError(msg)
    data = DataDir(out_dir, {})
    shards = cut(
        sorted(places, key=sort_key),
        config.shard_images,
        lambda number, part: ImageShard(number, part, data, out_dir, sources, places, config),
    )
    return ImagePlan(shards, [name for name in wanted if name not in places])


def finish_images(plan: ImagePlan) -> dict[str, str]:
    """Merge finished shards: `image.scp`, `boxes.scp`, `dropped.tsv`, `images.yaml`.

    Returns:
        Image -> its features.

    Raises:
        DataDirError: a shard is not done, or features have several widths.
        DroppedTooManyError: too many images are missing or cannot be used; the report is written
            all the same.
    """
    records, shards = finished_records(plan.shards), plan.shards
    out_dir, config = shards[0].out_dir, shards[0].config
    drops = [Drop(name, "in no source", "") for name in plan.missing]
    drops += [drop for record in records for drop in record.dropped]
    write_dropped(out_dir / "dropped.tsv", sorted(drops), kind="image")
    write_to_fetch(out_dir, files_to_fetch(shards, records))
    image = {name: pointer for record in records for name, pointer in record.image.items()}
    boxes = {name: pointer for record in records for name, pointer in record.boxes.items()}
    write_report(out_dir, shards[0].sources, records, drops, config)
    total = len(image) + len(drops)
    check_dropped(out_dir / "dropped.tsv", sorted(drops), total, config.max_dropped_ratio, "images")
    write_table(out_dir / "image.scp", image)
    write_table(out_dir / "boxes.scp", boxes)
    delete_stale(out_dir, len(shards))
    return image


def _places(sources: Sequence[ImageSource]) -> dict[str, ImagePlace]:
    """Where every image is; what cannot be an id is left out."""
    places: dict[str, ImagePlace] = {}
    for number, source in enumerate(sources):
        odd, again = [], []
        for name in source.names():
            if id_problem(name):
                odd.append(name)
            elif places.setdefault(name, ImagePlace(number, name)).source != number:
                again.append(name)
        for names, what in ((odd, "cannot be ids, left out"), (again, "in a source before it")):
            if names:
                told = (number + 1, len(names), what, names[0])
                logger.warning("source %d: %d images %s, as %s", *told)
    return places


def _wanted(data_dirs: Sequence[Path]) -> list[str]:
    """The images that sets name; those that are only heard name none."""
    tables = [read_data_dir(path).tables.get("utt2image", {}) for path in data_dirs]
    if data_dirs and not any(tables):
        msg = f"{data_dirs[0]}/utt2image: no such file; a set with images names that of each "
        raise DataDirError(msg + "utterance")
    return sorted({name for table in tables for name in table.values()}, key=sort_key)


def _match(wanted: Sequence[str], there: dict[str, ImagePlace]) -> dict[str, ImagePlace]:
    """The places of what is wanted, by name, or by number where a source has bare numbers."""
    found: dict[str, ImagePlace] = {}
    for name in wanted:
        number = _NUMBER.search(name)
        place = there.get(name) or (there.get(str(int(number[1]))) if number else None)
        if place is not None:
            found[name] = place
    return found
