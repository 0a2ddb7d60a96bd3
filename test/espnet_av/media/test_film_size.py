"""Ends that containers state, on files built byte by byte from their specifications."""

from __future__ import annotations

import io
import struct

import pytest

from espnet_av.media import film_size
from espnet_av.media.film_size import (
    asf_end,
    avi_end,
    flv_end,
    matroska_end,
    mp3_end,
    mp3_tells_length,
    mp4_end,
    ogg_end,
    ogg_is_chained,
)


def end_of(finder, content):
    return finder(io.BytesIO(content), len(content))


def ebml(name: int, length: bytes, content: bytes = b"") -> bytes:
    return name.to_bytes(4, "big") + length + content


def sized(number: int, width: int) -> bytes:
    """An EBML length of `width` bytes."""
    return (number | 1 << 7 * width).to_bytes(width, "big")


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_matroska(width):
    head = ebml(0x1A45DFA3, sized(5, 1), b"\x00" * 5)
    segment = ebml(0x18538067, sized(100, width))
    whole = head + segment + b"\x11" * 100
    assert end_of(matroska_end, whole) == len(whole)
    assert end_of(matroska_end, whole[:-40]) == len(whole), "what is cut off is counted"
    assert end_of(matroska_end, whole + b"more") == len(whole)
    live = head + ebml(0x18538067, sized((1 << 7 * width) - 1, width)) + b"\x11" * 100
    assert end_of(matroska_end, live) == 0
    assert end_of(matroska_end, head) == 0
    assert end_of(matroska_end, b"\x00" * 64) == 0


def riff(length: int, form: bytes = b"AVI ") -> bytes:
    return b"RIFF" + length.to_bytes(4, "little") + form


def test_avi():
    first, second = riff(20) + b"a" * 16, riff(13, b"AVIX") + b"b" * 10
    whole = first + second
    assert len(first) == 28 and len(whole) == 28 + 8 + 14, "an odd chunk is filled up"
    assert end_of(avi_end, whole) == len(whole)
    assert end_of(avi_end, whole[:-9]) == len(whole)
    assert end_of(avi_end, first + b"junk" * 4) == len(first)
    for unknown in (0, 0xFFFFFF00, 0xFFFFFFFF):
        assert end_of(avi_end, riff(unknown) + b"a" * 16) == 0
    assert end_of(avi_end, riff(0xFFFFFEFE) + b"a" * 16) == 8 + 0xFFFFFEFE


def box(name: bytes, content: bytes, long: bool = False) -> bytes:
    if long:
        return struct.pack(">I4sQ", 1, name, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), name) + content


def sidx(version: int, first: int, sizes: list[int]) -> bytes:
    form = ">B3xIIQQHH" if version else ">B3xIIIIHH"
    content = struct.pack(form, version, 1, 1000, 0, first, 0, len(sizes))
    # The top bit of a size says that it is of another index; the last two numbers are times.
    return box(b"sidx", content + b"".join(struct.pack(">III", size, 9, 9) for size in sizes))


@pytest.mark.parametrize("long", [False, True])
def test_mp4_in_fragments(long):
    head = box(b"ftyp", b"isom") + box(b"moov", b"m" * 30)
    part = box(b"moof", b"f" * 10) + box(b"mdat", b"d" * 50, long)
    whole = head + part + part
    assert end_of(mp4_end, whole) == len(whole)
    assert end_of(mp4_end, whole[:-20]) == len(whole)
    assert end_of(mp4_end, head + box(b"mdat", b"d" * 50, long)) == 0, "its index tells"
    open_ended = head + part + struct.pack(">I4s", 0, b"mdat") + b"d" * 50
    assert end_of(mp4_end, open_ended) == len(head + part)


@pytest.mark.parametrize("version", [0, 1])
def test_mp4_with_an_index_of_fragments_that_have_not_come(version):
    head = box(b"ftyp", b"isom") + box(b"moov", b"m" * 30)
    index = sidx(version, 7, [100, 0x80000000 + 60])
    assert end_of(mp4_end, head + index + b"") == len(head + index) + 7 + 160
    part = box(b"moof", b"f" * 10)
    assert end_of(mp4_end, head + index + part) == len(head + index) + 7 + 160
    much = box(b"mdat", b"d" * 400)
    assert end_of(mp4_end, head + index + much) == len(head + index + much)


def page(content: bytes, serial: int, kind: int = 0) -> bytes:
    parts = [255] * (len(content) // 255) + [len(content) % 255]
    head = struct.pack("<4sBBqIII", b"OggS", 0, kind, 0, serial, 0, 0)
    return head + bytes([len(parts), *parts]) + content


def test_ogg():
    whole = page(b"h" * 30, 7, 2) + page(b"x" * 600, 7) + page(b"y" * 300, 7)
    assert end_of(ogg_end, whole) == len(whole)
    assert end_of(ogg_end, whole[:-100]) == len(whole)
    # Of a page whose head is cut the least length is known.
    start = len(whole) - len(page(b"y" * 300, 7))
    assert end_of(ogg_end, whole[: start + 2]) == start + 27
    assert end_of(ogg_end, b"no pages here") == 0
    # Bytes that look like a page inside one are no page.
    odd = page(b"h" * 30, 7, 2) + page(b"aOggSb" * 9, 7)
    assert end_of(ogg_end, odd) == len(odd)


def test_chained_ogg():
    two_streams = page(b"a", 1, 2) + page(b"b" * 300, 2, 2)
    assert not end_of(ogg_is_chained, two_streams + page(b"c", 1) + page(b"d", 2))
    assert not end_of(ogg_is_chained, two_streams + page(b"c", 2) + page(b"d", 1))
    chained = page(b"a", 1, 2) + page(b"b", 1) + page(b"c", 2, 2) + page(b"d", 2)
    assert end_of(ogg_is_chained, chained)
    assert not end_of(ogg_is_chained, b"none")


def flv(stated: float) -> bytes:
    return (
        b"FLV\x01" + b"\x00" * 20 + b"\x00\x08filesize\x00" + struct.pack(">d", stated) + b"z" * 9
    )


def test_flv():
    assert end_of(flv_end, flv(1234.0)) == 1234
    for unknown in (0.0, -1.0, float("nan"), float("inf"), float(1 << 62)):
        assert end_of(flv_end, flv(unknown)) == 0
    assert end_of(flv_end, flv(1.0)) == 1
    assert end_of(flv_end, flv(1234.0)[:-10]) == 0, "cut within the number"
    assert end_of(flv_end, b"FLV" + b"\x00" * 50) == 0


def asf(length: int) -> bytes:
    head = bytes(range(16)) + (30).to_bytes(8, "little") + b"h" * 6
    return head + film_size._ASF_DATA + length.to_bytes(8, "little") + b"d" * 40


def test_asf():
    assert end_of(asf_end, asf(64)) == 30 + 64
    assert end_of(asf_end, asf(25)) == 30 + 25
    for unknown in (0, 24, 1 << 62, (1 << 64) - 1):
        assert end_of(asf_end, asf(unknown)) == 0
    assert end_of(asf_end, asf(64)[:54]) == 30 + 64
    assert end_of(asf_end, asf(64)[:53]) == 0
    stuck = bytes(16) + (23).to_bytes(8, "little") + asf(64)
    assert end_of(asf_end, stuck) == 0
    empty = bytes(16) + (24).to_bytes(8, "little") + asf(64)
    assert end_of(asf_end, empty) == 24 + 30 + 64


def mp3(flags: int, tag: bytes = b"Xing", id3: int = 0) -> bytes:
    numbers = b""
    if flags & 1:
        numbers += (77).to_bytes(4, "big")
    if flags & 2:
        numbers += (4321).to_bytes(4, "big")
    frame = b"\xff\xfb\x90\x00" + b"\x00" * 32 + tag + flags.to_bytes(4, "big") + numbers
    size = bytes([id3 >> 21 & 127, id3 >> 14 & 127, id3 >> 7 & 127, id3 & 127])
    front = b"ID3\x04\x00\x00" + size + b"i" * id3 if id3 else b""
    return front + frame + b"\x00" * 40


@pytest.mark.parametrize("id3", [0, 5, 300, 20000])
@pytest.mark.parametrize("tag", [b"Xing", b"Info"])
def test_mp3(tag, id3):
    assert [end_of(mp3_end, mp3(flags, tag, id3)) for flags in range(4)] == [0, 0, 4321, 4321]
    told = [mp3_tells_length(io.BytesIO(mp3(flags, tag, id3))) for flags in range(4)]
    assert told == [False, True, False, True]


def test_mp3_without_the_tag():
    assert end_of(mp3_end, b"\xff\xfb\x90\x00" + b"\x00" * 90) == 0
    assert not mp3_tells_length(io.BytesIO(b"\xff\xfb\x90\x00" + b"\x00" * 90))
