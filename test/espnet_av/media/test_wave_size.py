"""Ends that files of plain samples state, built byte by byte."""

from __future__ import annotations

import io
import struct

import pytest

from espnet_av.media.wave_size import aiff_end, au_end, caf_end, nist_end, w64_end, wav_end

PIPED = (0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0x80000024, 0xFFFFFFFF, 0xFFFFFFFF - 36)


def end_of(finder, content):
    return finder(io.BytesIO(content), len(content))


def wav(data: int, riff: int | None = None, more: bytes = b"", name: bytes = b"RIFF") -> bytes:
    """100 bytes of samples behind 16 of format and `more`; the sizes are as stated."""
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + b"f" * 16 + more
    chunks += b"data" + struct.pack("<I", data) + b"s" * 100
    return name + struct.pack("<I", len(chunks) if riff is None else riff) + chunks


def test_wav():
    whole = wav(100)
    assert end_of(wav_end, whole) == len(whole) == 144
    assert end_of(wav_end, whole[:-30]) == 144
    assert end_of(wav_end, wav(100, riff=200)) == 144, "the first of the two"
    assert end_of(wav_end, wav(300)) == 144
    assert end_of(wav_end, wav(144)) == 0, "the size of the file is none of its samples"
    odd = wav(100, more=b"LIST" + struct.pack("<I", 3) + b"abc\x00")
    assert end_of(wav_end, odd) == len(odd) == 156
    assert end_of(wav_end, wav(100)[:20]) == 144, "by the first size alone"


@pytest.mark.parametrize("unknown", PIPED)
def test_wav_of_a_pipe(unknown):
    assert end_of(wav_end, wav(unknown, unknown)) == 0
    assert end_of(wav_end, wav(unknown)) == 144
    assert end_of(wav_end, wav(100, unknown)) == 144


def test_sizes_near_those_of_pipes_are_sizes():
    for known in (0x7FFFF000 - 4097, 0x80000000 + 4097, 0xFFFFFFFF - 4097):
        assert end_of(wav_end, wav(known, known)) == 8 + known


@pytest.mark.parametrize("name", [b"RF64", b"BW64"])
def test_wav_of_64_bits(name):
    sizes = b"ds64" + struct.pack("<IQQ", 16, 160, 100)
    whole = wav(0xFFFFFFFF, 0xFFFFFFFF, name=name)
    whole = whole[:12] + sizes + whole[12:]
    assert end_of(wav_end, whole) == len(whole) == 168
    assert end_of(wav_end, whole[:-30]) == 168


def aiff(sound: int, form: int) -> bytes:
    chunks = b"AIFFCOMM" + struct.pack(">I", 18) + b"c" * 18
    return (
        b"FORM" + struct.pack(">I", form) + chunks + b"SSND" + struct.pack(">I", sound) + b"s" * 60
    )


def test_aiff():
    whole = aiff(60, 98)
    assert end_of(aiff_end, whole) == len(whole) == 106
    assert end_of(aiff_end, whole[:-30]) == 106
    assert end_of(aiff_end, aiff(60, 300)) == 106
    assert end_of(aiff_end, aiff(300, 98)) == 106
    for unknown in PIPED:
        assert end_of(aiff_end, aiff(unknown, unknown)) == 0
        assert end_of(aiff_end, aiff(unknown, 98)) == 106
    assert end_of(aiff_end, whole[:30]) == 106


def w64(total: int, data: int) -> bytes:
    head = b"riff" + bytes(12) + struct.pack("<Q", total) + b"wave" + bytes(12)
    form = b"fmt " + bytes(12) + struct.pack("<Q", 24 + 18) + b"f" * 18 + bytes(6)
    return head + form + b"data" + bytes(12) + struct.pack("<Q", data) + b"s" * 100


def test_w64():
    whole = w64(212, 124)
    assert end_of(w64_end, whole) == len(whole) == 212
    assert end_of(w64_end, whole[:-30]) == 212
    assert end_of(w64_end, w64(212, 500)) == 212
    assert end_of(w64_end, w64(500, 124)) == 212
    assert end_of(w64_end, w64((1 << 64) - 1, (1 << 63))) == 0
    assert end_of(w64_end, whole[:100]) == 212
    empty = whole[:56] + struct.pack("<Q", 0) + whole[64:]
    assert end_of(w64_end, empty) == 212, "a chunk of no length ends the walk"


def caf(data: int) -> bytes:
    head = b"caff" + bytes(4) + b"desc" + struct.pack(">q", 32) + b"d" * 32
    return head + b"data" + struct.pack(">q", data) + b"s" * 100


def test_caf():
    whole = caf(100)
    assert end_of(caf_end, whole) == len(whole) == 164
    assert end_of(caf_end, whole[:-30]) == 164
    assert end_of(caf_end, caf(-1)) == 0
    assert end_of(caf_end, caf(0)) == 0
    assert end_of(caf_end, caf(1)) == 65
    assert end_of(caf_end, whole[:50]) == 0


def test_au():
    head = b".snd" + struct.pack(">II", 28, 100) + bytes(16)
    assert end_of(au_end, head + b"s" * 100) == 128
    assert end_of(au_end, b".snd" + struct.pack(">II", 28, 0xFFFFFFFF) + bytes(116)) == 0


def nist(**fields: int) -> bytes:
    lines = [f"{name} -i {value}" for name, value in fields.items()]
    head = "NIST_1A\n   1024\n" + "\n".join(lines) + "\nend_head\n"
    return head.encode().ljust(1024) + b"s" * 100


def test_nist():
    fields = {"sample_count": 25, "channel_count": 2, "sample_n_bytes": 2}
    assert end_of(nist_end, nist(**fields)) == 1124
    assert end_of(nist_end, nist(**fields)[:1050]) == 1124
    assert end_of(nist_end, nist(sample_count=25, channel_count=2)) == 0
    packed = nist(**fields).replace(
        b"end_head\n", b"x -s9 pcm,embedded-shorten-v2.00\nend_head\n", 1
    )
    assert end_of(nist_end, packed) == 0
    assert end_of(nist_end, nist(**fields).replace(b"   1024", b"   many", 1)) == 0
