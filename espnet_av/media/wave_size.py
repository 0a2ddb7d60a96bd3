"""Where files of plain samples (wav and its kin) say that they end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import BinaryIO, Literal

_ByteOrder = Literal["little", "big"]
_PIPED = 1 << 12
"""Writers to a pipe cannot know a size and put one near 2, or near 4 GiB (SoX, arecord, FFmpeg)."""
_PIPED_SIZES = (0x7FFFF000, 0x80000000, 0xFFFFFFFF)
_UNKNOWN_64 = 1 << 62
_NIST_FIELD = re.compile(rb"^(sample_count|channel_count|sample_n_bytes) -i (\d+)", re.MULTILINE)


def wav_end(file: BinaryIO, size: int) -> int:
    """First of the two ends that the RIFF header and the data chunk of a wav state.

    Many programs get one of them wrong by the size of a header, so both have to be missed before
    a file counts as cut short.

    Args:
        file: at its beginning.
        size: bytes of the file.

    Returns:
        The byte behind the last one; 0: it does not tell.
    """
    head = file.read(12)
    total, long_data = int.from_bytes(head[4:8], "little"), 0
    ends = [] if head[:4] in (b"RF64", b"BW64") else [8 + _known(total)]
    for name, start, length in _chunks(file, size, 12, "little"):
        if name == b"ds64":
            sizes = file.read(16)
            ends.append(8 + int.from_bytes(sizes[:8], "little"))
            long_data = int.from_bytes(sizes[8:], "little")
        if name == b"data":
            if length == size:
                # The size of the whole file is not that of the samples: the header is wrong.
                return 0
            known = long_data or _known(length)
            return _nearest([*ends, known and start + known])
    return _nearest(ends)


def aiff_end(file: BinaryIO, size: int) -> int:
    """As `wav_end`, of an AIFF."""
    ends = [8 + _known(int.from_bytes(file.read(12)[4:8], "big"))]
    for name, start, length in _chunks(file, size, 12, "big"):
        if name == b"SSND":
            return _nearest([*ends, _known(length) and start + length])
    return _nearest(ends)


def w64_end(file: BinaryIO, size: int) -> int:
    """As `wav_end`, of Sony's 64-bit wav; its sizes count their own 24 bytes."""
    ends, place = [int.from_bytes(file.read(24)[16:], "little")], 40
    while place + 24 <= size:
        file.seek(place)
        head = file.read(24)
        length = int.from_bytes(head[16:], "little")
        if head[:4] == b"data":
            ends.append(place + length)
        if length < 24 or head[:4] == b"data":
            break
        place += (length + 7) // 8 * 8
    return _nearest([end for end in ends if end < _UNKNOWN_64])


def caf_end(file: BinaryIO, size: int) -> int:
    """End of the data chunk of a Core Audio file."""
    place = 8
    while place + 12 <= size:
        file.seek(place)
        head = file.read(12)
        length = int.from_bytes(head[4:], "big", signed=True)
        if head[:4] == b"data" or length < 0:
            return place + 12 + length if length > 0 else 0
        place += 12 + length
    return 0


def au_end(file: BinaryIO, size: int) -> int:
    """End of the samples of a Sun or NeXT file."""
    head = file.read(12)
    length = _known(int.from_bytes(head[8:], "big"))
    return length and int.from_bytes(head[4:8], "big") + length


def nist_end(file: BinaryIO, size: int) -> int:
    """End of the samples of a NIST SPHERE file; 0 if they are compressed."""
    head = file.read(1024)
    fields = {name: int(value) for name, value in _NIST_FIELD.findall(head)}
    if len(fields) < 3 or b"shorten" in head:
        return 0
    start = head.split(b"\n", 2)[1].strip()
    num_bytes = fields[b"sample_count"] * fields[b"channel_count"] * fields[b"sample_n_bytes"]
    return int(start) + num_bytes if start.isdigit() else 0


WAVE_ENDS: dict[str, Callable[[BinaryIO, int], int]] = {
    "wav": wav_end,
    "aiff": aiff_end,
    "w64": w64_end,
    "caf": caf_end,
    "au": au_end,
    "nistsphere": nist_end,
}
"""FFmpeg's name of the format -> what finds the end."""


def _chunks(
    file: BinaryIO, size: int, place: int, order: _ByteOrder
) -> Iterable[tuple[bytes, int, int]]:
    """(name, start, length) of the chunks from `place`; the file stands at the start of each."""
    while place + 8 <= size:
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head[4:], order)
        yield head[:4], place + 8, length
        place += 8 + length + length % 2


def _known(length: int) -> int:
    """A 32-bit size; 0 for those that stand for an unknown one."""
    return 0 if any(abs(length - piped) <= _PIPED for piped in _PIPED_SIZES) else length


def _nearest(ends: Iterable[int]) -> int:
    """The first of the ends that are known, which lie behind every header; 0: none is."""
    return min((end for end in ends if end > 8), default=0)
