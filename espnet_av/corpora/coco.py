"""What corpora on COCO (Lin et al. 2014) have in common: captions, names of images, and splits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from espnet_av.errors import DataDirError
from espnet_av.text_file import read_json

_KARPATHY = {"train": "train", "restval": "train", "val": "valid", "test": "test"}
"""Of Karpathy and Fei-Fei 2015 -> ours; what remained of val2014 is trained on."""
_CURE = "fetch it again, or check the path in db.sh"


class Caption(NamedTuple):
    """One sentence about an image."""

    number: int
    """Of COCO, of all captions."""
    image: str
    text: str


def image_of(path: str) -> str:
    """Name of an image by its file: `val2014/COCO_val2014_000000325114.jpg` without the rest."""
    return PurePosixPath(path).stem


def coco_image(part: str, number: int) -> str:
    """Name of an image by its number in `train2014` or `val2014`."""
    return f"COCO_{part}_{number:012d}"


def read_karpathy(path: Path) -> dict[str, str]:
    """Image -> train, valid or test, of `dataset_coco.json`.

    Raises:
        DataDirError: it is not there, or another file.
    """
    splits: dict[str, str] = {}
    for place, item in items(path, "images"):
        try:
            splits[image_of(item["filename"])] = _KARPATHY[item["split"]]
        except (KeyError, TypeError) as error:
            msg = f"{place}: expected filename, and split: {', '.join(_KARPATHY)}; got {error}; is "
            raise DataDirError(
                msg + "this dataset_coco.json of Karpathy's caption_datasets?"
            ) from error
    return splits


def read_captions(annotations: Path, part: str) -> list[Caption]:
    """The captions of `train2014` or `val2014`, by number.

    Raises:
        DataDirError: the list is not there, or another file.
    """
    captions = []
    for place, item in items(annotations / f"captions_{part}.json", "annotations"):
        try:
            image = coco_image(part, int(item["image_id"]))
            captions.append(Caption(int(item["id"]), image, " ".join(item["caption"].split())))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            msg = f"{place}: expected id, image_id and caption ({error!r}); {_CURE}"
            raise DataDirError(msg) from error
    return sorted(captions)


def items(path: Path, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list in a JSON file, each with its place for messages.

    Raises:
        DataDirError: there is no such list, or it is empty.
    """
    found = read_json(path, DataDirError, _CURE).get(key)
    if not isinstance(found, list) or not found:
        msg = f"{path}: no list '{key}' in it; {_CURE}"
        raise DataDirError(msg)
    for number, item in enumerate(found):
        if not isinstance(item, dict):
            msg = f"{path}: {key}[{number}]: a {type(item).__name__}, expected an object; {_CURE}"
            raise DataDirError(msg)
        yield f"{path}: {key}[{number}]", item
