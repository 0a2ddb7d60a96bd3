"""What a detector says of small images, in the layouts in which it is given out."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import h5py
import numpy as np
from corpora_fixtures.clips import put

WIDTH, HEIGHT = 64, 48
COCO = tuple(f"COCO_{part}2014_{n:012d}" for part, n in (("train", 9), ("train", 25), ("val", 42)))


def detection(name: str, regions: int = 3, width: int = 8) -> dict[str, np.ndarray]:
    """Features, boxes in pixels, and a confidence that does not fall."""
    rng = np.random.default_rng(list(name.encode()))
    corners = np.sort(rng.random((regions, 2, 2)), axis=1) * (WIDTH, HEIGHT)
    return {
        "features": rng.normal(size=(regions, width)).astype(np.float32),
        "boxes": corners.reshape(regions, 4).astype(np.float32),
        "objects_conf": rng.random(regions).astype(np.float32),
    }


def tsv_line(name: str, regions: int = 3, width: int = 8, **changed: object) -> bytes:
    """A line of LXMERT's, of which a column may be another."""
    found = detection(name, regions, width)
    ids, sure = np.arange(regions), np.full(regions, 0.5, np.float32)
    columns: dict[str, object] = {
        "img_id": name,
        "img_h": HEIGHT,
        "img_w": WIDTH,
        "objects_id": ids,
        "objects_conf": found["objects_conf"],
        "attrs_id": ids,
        "attrs_conf": sure,
        "num_boxes": regions,
        "boxes": found["boxes"],
        "features": found["features"],
    }
    columns |= changed
    return b"\t".join(map(_column, columns.values())) + b"\n"


def anderson_line(number: int, name: str) -> bytes:
    """A line of the features of Anderson et al. 2018."""
    found = detection(name)
    row = (number, WIDTH, HEIGHT, len(found["boxes"]), found["boxes"], found["features"])
    return b"\t".join(map(_column, row)) + b"\n"


def _column(value: object) -> bytes:
    if isinstance(value, np.ndarray):
        return base64.b64encode(value.tobytes())
    return value if isinstance(value, bytes) else str(value).encode()


def write_tsv(path: Path, names: Sequence[str] = COCO, regions: int = 3, width: int = 8) -> Path:
    """A TSV of LXMERT."""
    return put(path, b"".join(tsv_line(name, regions, width) for name in names))


def write_hdf5(path: Path, names: Sequence[str] = COCO, with_names: bool = True) -> Path:
    """Features as FaST-VGS writes them, and the JSON of their rows beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = [detection(name) for name in names]
    with h5py.File(path, "w") as file:
        for key in ("features", "boxes", "objects_conf"):
            file[key] = np.stack([item[key] for item in found])
        file["img_h"], file["img_w"] = [HEIGHT] * len(names), [WIDTH] * len(names)
        if with_names:
            file["img_id"] = [name.encode()[:27] for name in names]
    rows = {name: row for row, name in enumerate(names)}
    put(path.parent / f"{path.stem}_imgid2idex.json", json.dumps(rows))
    return path


def picture(seed: int = 0, suffix: str = ".jpg", size: tuple[int, int] = (HEIGHT, WIDTH)) -> bytes:
    """A picture of soft colours."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (4, 5, 3)).astype(np.uint8)
    ok, content = cv2.imencode(suffix, cv2.resize(small, size[::-1]))
    assert ok
    return content.tobytes()
