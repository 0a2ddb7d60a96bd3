"""Pictures: read upright, refused before they fill the memory."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.detections import picture

from espnet_av.errors import MediaError
from espnet_av.media.picture import picture_size, read_picture

LIMIT = 10_000


def png_head(width: int, height: int) -> bytes:
    """A PNG of any size whose picture is not there: a bomb need not be large."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_picture_and_its_size(suffix: str, tmp_path: Path) -> None:
    content = picture(1, suffix, (48, 64))
    assert picture_size(content) == (64, 48)
    pixels = read_picture(put(tmp_path / f"x{suffix}", content), LIMIT)
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(pixels, bgr[:, :, ::-1])


def test_grey_transparent_deep_and_progressive_ones(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    for name, pixels, options in (
        ("grey.png", grey, []),
        ("deep.png", deep, []),
        ("clear.png", np.dstack([grey] * 4), []),
        ("steps.jpg", np.dstack([grey] * 3), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    ):
        assert cv2.imwrite(str(tmp_path / name), pixels, options)
        read = read_picture(tmp_path / name, LIMIT)
        assert read.shape == (8, 8, 3) and read.dtype == np.uint8


def test_a_picture_that_would_fill_the_memory_is_not_decoded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    bomb = put(tmp_path / "bomb.png", png_head(100_000, 90_000))
    with pytest.raises(MediaError, match=r"bomb.png: 100000 x 90000 pixels, more than max_pixels"):
        read_picture(bomb, LIMIT)
    jpeg = bytearray(picture())
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 65000, 65000)
    with pytest.raises(MediaError, match="65000 x 65000 pixels"):
        read_picture(put(tmp_path / "bomb.jpg", bytes(jpeg)), LIMIT)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.95])
def test_damaged_ones_are_named(suffix: str, share: float, tmp_path: Path) -> None:
    content = picture(1, suffix)
    path = put(tmp_path / f"x{suffix}", content[: int(share * len(content))])
    with pytest.raises(MediaError, match=r"fetch it again"):
        read_picture(path, LIMIT)


def test_other_files_are_named(tmp_path: Path) -> None:
    for content in (b"GIF89a" + bytes(50), b"<html>", b"\xff\xd8\xff\xd8", png_head(0, 5)):
        with pytest.raises(MediaError, match="no JPEG or PNG picture"):
            read_picture(put(tmp_path / "x.jpg", content), LIMIT)
    with pytest.raises(MediaError, match=r"gone.jpg: cannot be read"):
        read_picture(tmp_path / "gone.jpg", LIMIT)
