"""One line of a detector's TSV: sizes as text, arrays in base64."""

from __future__ import annotations

import binascii
from collections.abc import Sequence

import numpy as np

from espnet_av.errors import ArrayError
from espnet_av.images.regions import Detection

COLUMNS: dict[int, tuple[str, ...]] = {
    6: ("image_id", "image_w", "image_h", "num_boxes", "boxes", "features"),
    10: (
        "img_id", "img_h", "img_w", "objects_id", "objects_conf", "attrs_id", "attrs_conf",
        "num_boxes", "boxes", "features",
    ),
}  # fmt: skip
"""Of the features of Anderson et al. 2018, and of LXMERT's, by their number."""
MAX_LINE = 64 << 20
"""Bytes; 100 regions of 2048 numbers take 1.1 MB."""
_MAX_REGIONS = 1000
_CORNERS = 4
_BYTES = 4
"""Of a float32."""


def parse_row(row: Sequence[bytes]) -> Detection:
    """Read one line.

    Raises:
        ArrayError: columns, numbers or sizes of arrays are wrong; they are named.
    """
    columns = COLUMNS.get(len(row))
    if columns is None:
        msg = f"{len(row)} columns, expected {' or '.join(map(str, COLUMNS))}"
        raise ArrayError(msg, "line of another form")
    values = dict(zip(columns, row, strict=True))
    height = _number(values.get("img_h", values.get("image_h", b"")), "height")
    width = _number(values.get("img_w", values.get("image_w", b"")), "width")
    count = _number(values["num_boxes"], "num_boxes")
    if not 1 <= count <= _MAX_REGIONS:
        msg = f"num_boxes is {count}, expected 1 to {_MAX_REGIONS}"
        raise ArrayError(msg, "line of another form")
    boxes = _floats(values["boxes"], "boxes", count, _CORNERS)
    features = _floats(values["features"], "features", count, None)
    sure = values.get("objects_conf")
    confidence = None if sure is None else _floats(sure, "objects_conf", count, 1)[:, 0]
    return Detection(height, width, features, boxes, confidence)


def width_of(row: Sequence[bytes]) -> int:
    """Numbers of a region; 0 where the line cannot be read."""
    try:
        return parse_row(row).features.shape[1]
    except ArrayError:
        return 0


def _number(text: bytes, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        msg = f"{what} is {text[:40]!a}, expected a whole number"
        raise ArrayError(msg, "line of another form") from None


def _floats(text: bytes, what: str, count: int, width: int | None) -> np.ndarray:
    """(count, width) float32 of base64."""
    try:
        content = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        msg = f"{what}: no base64 ({error})"
        raise ArrayError(msg, "array that is damaged") from None
    row = count * _BYTES * (width or 1)
    if not content or len(content) % row or (width and len(content) != row):
        wanted = f"{count} x {width or 'any number'} float32"
        msg = f"{what}: {len(content)} bytes, expected {wanted}"
        raise ArrayError(msg, "array of another size")
    return np.frombuffer(content, "<f4").reshape(count, -1).astype(np.float32)
