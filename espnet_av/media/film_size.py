"""Where containers of films and of compressed sound say that they end."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_LONGEST_OGG_PAGE = 27 + 255 + 255 * 255
_OGG_HEAD = 27
_OGG_BEGINS = b"\x02"
"""Type of the page that begins a stream; those of all streams come first."""
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_FLV_FILE_SIZE = b"\x00\x08filesize\x00"
_MP3_STATES_FRAMES, _MP3_STATES_BYTES = 1, 2
"""Flags of the tag that tells the size of an MP3 file."""


def matroska_end(file: BinaryIO, size: int) -> int:
    """End of the Segment of an mkv or webm; 0 for a live one, whose Segment has no size.

    Args:
        file: at its beginning.
        size: bytes of the file.

    Returns:
        The byte behind the last one; 0: it does not tell.
    """
    place = 0
    while place + 12 <= size:
        file.seek(place)
        name, length_of_name = _vint(file.read(4), keep_marker=True)
        file.seek(place + length_of_name)
        length, length_of_length = _vint(file.read(8), keep_marker=False)
        place += length_of_name + length_of_length
        if name == _SEGMENT:
            return 0 if length == (1 << 7 * length_of_length) - 1 else place + length
        place += length
    return 0


def avi_end(file: BinaryIO, size: int) -> int:
    """End of the last RIFF chunk of an avi; there are several in one of more than 1 GB."""
    place = 0
    while place + 8 <= size:
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF":
            break
        if not length or length >= 0xFFFFFF00:
            return 0
        place += 8 + length + length % 2
    return place


def mp4_end(file: BinaryIO, size: int) -> int:
    """End of the last box of an mp4 in fragments; the index of others tells more.

    A segment index (`sidx`) tells of fragments that have not arrived.
    """
    place, end, is_fragmented = 0, 0, False
    while place + 8 <= size:
        file.seek(place)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if length < 8:
            # 0: as far as the file goes.
            break
        is_fragmented |= head[4:8] in (b"moof", b"sidx")
        if head[4:8] == b"sidx":
            file.seek(place)
            end = max(end, place + length + _indexed_bytes(file.read(min(length, 1 << 20))))
        place += length
    return max(end, place) if is_fragmented else 0


def ogg_end(file: BinaryIO, size: int) -> int:
    """End of the last page of an ogg."""
    start = max(0, size - 2 * _LONGEST_OGG_PAGE)
    file.seek(start)
    tail = file.read()
    place = tail.find(b"OggS")
    while place >= 0:
        page = place
        while tail[page : page + 4] == b"OggS":
            num_parts = tail[page + 26] if page + 26 < len(tail) else 0
            page += _OGG_HEAD + num_parts + sum(tail[page + _OGG_HEAD :][:num_parts])
        if page >= len(tail):
            return start + page
        if b"OggS".startswith(tail[page:]):
            return start + page + _OGG_HEAD
        place = tail.find(b"OggS", place + 1)
    return 0


def ogg_is_chained(file: BinaryIO, size: int) -> bool:
    """True when one ogg follows another in the file, as of a radio; it then states one's length."""
    serials: set[bytes] = set()
    head = file.read(_LONGEST_OGG_PAGE)
    page = 0
    while head[page : page + 4] == b"OggS" and head[page + 5 : page + 6] == _OGG_BEGINS:
        serials.add(head[page + 14 : page + 18])
        num_parts = head[page + 26] if page + 26 < len(head) else 0
        page += _OGG_HEAD + num_parts + sum(head[page + _OGG_HEAD :][:num_parts])
    file.seek(max(0, size - _LONGEST_OGG_PAGE))
    tail = file.read()
    last = tail.rfind(b"OggS")
    return last >= 0 and tail[last + 14 : last + 18] not in serials


def flv_end(file: BinaryIO, size: int) -> int:
    """End of a flv by the field `filesize` that most writers add."""
    head = file.read(1 << 16)
    place = head.find(_FLV_FILE_SIZE)
    value = head[place + len(_FLV_FILE_SIZE) :][:8]
    if place < 0 or len(value) < 8:
        return 0
    stated = struct.unpack(">d", value)[0]
    return int(stated) if 0 < stated < 1 << 62 else 0


def asf_end(file: BinaryIO, size: int) -> int:
    """End of the data of a wmv, wma or asf; 0 for a broadcast, which does not know it."""
    place = 0
    while place + 24 <= size:
        file.seek(place)
        head = file.read(24)
        length = int.from_bytes(head[16:], "little")
        if head[:16] == _ASF_DATA:
            return place + length if 24 < length < 1 << 62 else 0
        if length < 24:
            break
        place += length
    return 0


def mp3_end(file: BinaryIO, size: int) -> int:
    """End of an MP3 by the Xing or Info tag of its first frame."""
    tag, flags = _mp3_tag(file)
    if not flags & _MP3_STATES_BYTES:
        return 0
    place = 8 + 4 * (flags & _MP3_STATES_FRAMES)
    # Encoders differ in whether they count what is before the first frame; here it is not added.
    return int.from_bytes(tag[place : place + 4], "big")


def mp3_tells_length(file: BinaryIO) -> bool:
    """True when the first frame of an MP3, at whose beginning `file` is, tells how many follow."""
    return bool(_mp3_tag(file)[1] & _MP3_STATES_FRAMES)


FILM_ENDS: dict[str, Callable[[BinaryIO, int], int]] = {
    "matroska": matroska_end,
    "avi": avi_end,
    "mov": mp4_end,
    "ogg": ogg_end,
    "flv": flv_end,
    "asf": asf_end,
    "mp3": mp3_end,
}
"""First of FFmpeg's names of the format -> what finds the end."""


def _mp3_tag(file: BinaryIO) -> tuple[bytes, int]:
    """The Xing or Info tag and its flags; no flags where there is none."""
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3":
        # Seven bits a byte.
        start = 10 + sum(byte << 7 * (3 - place) for place, byte in enumerate(head[6:]))
    file.seek(start)
    frame = file.read(64)
    place = max(frame.find(b"Xing"), frame.find(b"Info"))
    return (
        (frame[place:], int.from_bytes(frame[place + 4 : place + 8], "big"))
        if place >= 0
        else (b"", 0)
    )


def _vint(data: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """Value and length of the EBML number at the beginning of `data`; (0, 8): none is there."""
    if not data or not data[0]:
        return 0, 8
    length = 9 - data[0].bit_length()
    value = int.from_bytes(data[:length], "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), length


def _indexed_bytes(box: bytes) -> int:
    """Bytes behind a `sidx` box that it tells of (ISO/IEC 14496-12, 8.16.3)."""
    is_long = box[8] > 0
    place = 20 + (16 if is_long else 8)
    first = int.from_bytes(box[place - (8 if is_long else 4) : place], "big")
    count = int.from_bytes(box[place + 2 : place + 4], "big")
    entries = [box[place + 4 + 12 * k :][:4] for k in range(count)]
    # The first bit tells an index from media.
    return first + sum(int.from_bytes(entry, "big") & 0x7FFFFFFF for entry in entries)
