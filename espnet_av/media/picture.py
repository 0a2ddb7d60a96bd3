"""Still pictures: JPEG and PNG, of which the size is known before they are decoded."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

from espnet_av.errors import MediaError, raise_machine_fault

SUFFIXES = (".jpg", ".jpeg", ".png")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG that tell the size."""
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers of JPEG without a length."""
_MAX_BYTES = 256 << 20


def read_picture(path: str | Path, max_pixels: int) -> np.ndarray:
    """The pixels of a picture, (H, W, 3) uint8 RGB, upright as its camera says.

    Args:
        path: a JPEG or PNG file.
        max_pixels: larger ones are not decoded: a small file can hold a picture that fills memory.

    Raises:
        MediaError: it is no such file, is damaged, or too large.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise_machine_fault(error, path)
        msg = f"{path}: cannot be read ({error.strerror})"
        raise MediaError(msg) from error
    if len(content) > _MAX_BYTES:
        msg = f"{path}: more than {_MAX_BYTES >> 20} MB; scale it down"
        raise MediaError(msg)
    size = picture_size(content)
    if size is None:
        msg = (
            f"{path}: no JPEG or PNG picture (or one that is cut short); convert or fetch it again"
        )
        raise MediaError(msg)
    if size[0] * size[1] > max_pixels:
        msg = f"{path}: {size[0]} x {size[1]} pixels, more than max_pixels {max_pixels}; scale it "
        raise MediaError(msg + "down")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None or (content.startswith(_JPEG) and _JPEG_END not in content[-4096:]):
        msg = f"{path}: damaged, or cut short; fetch it again"
        raise MediaError(msg)
    return np.ascontiguousarray(picture[:, :, ::-1])


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height that the head of a JPEG or PNG tells; None: it tells none."""
    if content.startswith(_PNG):
        if content[12:16] != b"IHDR" or len(content) < 24:
            return None
        width, height = struct.unpack(">II", content[16:24])
        return (width, height) if width and height else None
    return _jpeg_size(content) if content.startswith(_JPEG) else None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return (width, height) if width and height else None
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None
