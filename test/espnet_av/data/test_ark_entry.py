"""Entries of archives: broken heads are named, and nobody gets what is another's."""

from __future__ import annotations

import errno
import io
import os
import struct
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from espnet_av.data.ark import ArkWriter, read_audio_ark, read_blob, read_clip, read_ints
from espnet_av.data.ark_entry import read_entry
from espnet_av.errors import ArkError


def entry(tag: bytes, payload: bytes) -> bytes:
    return tag + b"\x04" + struct.pack("<I", len(payload)) + payload


def at(tmp_path: Path, content: bytes, name: str = "utt") -> str:
    path = tmp_path / "a.ark"
    path.write_bytes(name.encode() + b" " + content)
    return f"{path}:{len(name) + 1}"


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def sound(wave: np.ndarray, **options: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, 16000, **{"format": "FLAC", "subtype": "PCM_16", **options})
    return buffer.getvalue()


def with_samples(flac: bytes, num_samples: int) -> bytes:
    """Changes the number that the head says: 36 bits."""
    high = (flac[21] & 0xF0) | (num_samples >> 32)
    return flac[:21] + bytes([high]) + (num_samples & 0xFFFFFFFF).to_bytes(4, "big") + flac[26:]


CLIP = np.zeros((2, 4, 6), np.uint8)
JPEG = cv2.imencode(".jpg", CLIP.reshape(-1, 6))[1].tobytes()


def clip(num_frames: int, height: int, num_images: int, *sizes: int) -> bytes:
    head = struct.pack("<IHH", num_frames, height, num_images)
    return entry(b"CLIP", head + struct.pack(f"<{len(sizes)}I", *sizes) + JPEG)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has 4 bytes only"),
        (b"B", "no entry starts there"),
        (b"BLOB", "head of this entry is damaged or cut short"),
        (b"BLOB\x04ab", "head of this entry is damaged or cut short"),
        (b"BLOB\xff" + bytes(300), "head of this entry is damaged"),
        (b"BLOB\x09" + bytes(300), "head of this entry is damaged"),
        (b"BLOB\x08" + b"\xff" * 8 + b"x", "ends in the middle"),
        (b"BLOB\x04" + struct.pack("<I", 200_000_000) + b"x", "ends in the middle"),
        (b"\0B\4" + struct.pack("<i", -3) + bytes(20), "head of this entry is damaged"),
        (b"\0B\4" + struct.pack("<i", 2**31 - 1) + bytes(20), "ends in the middle"),
        (b"\0B\4\x01\0", "head of this entry is damaged or cut short"),
        (b"\0BFM \4" + bytes(12), "floats of Kaldi starts there"),
        (b"\0BCM " + bytes(12), "a compressed matrix of Kaldi"),
        (b"RIFF" + bytes(40), "a wav file starts there"),
        (b"fLaC" + bytes(40), "a FLAC file without its size"),
        (b"\x93NUMPY" + bytes(40), "an array of numpy without its size"),
    ],
)
@pytest.mark.parametrize("read", [read_audio_ark, read_clip, read_ints, read_blob])
def test_broken_heads_are_named_whoever_reads(tmp_path, read, content, message) -> None:
    for utt_id in (None, "utt"):
        with pytest.raises(ArkError, match=rf"a\.ark:4: .*{message}"):
            read(at(tmp_path, content), utt_id)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (entry(b"AUDIO", b""), "cannot be decoded"),
        (entry(b"AUDIO", b"fLaC" + bytes(60)), "cannot be decoded"),
        (entry(b"AUDIO", sound(np.zeros((90, 2)))), "audio of 2 channels"),
        (entry(b"AUDIO", sound(np.zeros(0), format="WAV")), "says 0 samples"),
        (
            entry(b"AUDIO", with_samples(sound(np.zeros(90)), 2**36 - 1)),
            "says 68719476735 samples, which are never in .. bytes",
        ),
        (entry(b"AUDIO", with_samples(sound(np.zeros(9000)), 9001)), "(of the 9001|decoded)"),
        (entry(b"BLOB", b"x"), "expected 'AUDIO', found 'BLOB'"),
    ],
)
def test_broken_sound_is_named(tmp_path, content, message) -> None:
    with pytest.raises(ArkError, match=rf"a\.ark:4: .*{message}"):
        read_audio_ark(at(tmp_path, content))


def test_wav_in_an_entry_is_read(tmp_path) -> None:
    wave = np.arange(-50, 50, dtype=np.int16)
    read, _ = read_audio_ark(at(tmp_path, entry(b"AUDIO", sound(wave, format="WAV"))))
    np.testing.assert_array_equal(read * 32768, wave)


HUGE_NPY = npy(CLIP).replace(b"(2, 4, 6), }        ", b"(200000000, 1, 1), }")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (entry(b"NPY", b""), "raw clip is damaged"),
        (entry(b"NPY", npy(CLIP)[:-1]), "raw clip is damaged"),
        (entry(b"NPY", npy(CLIP) + b"x"), "raw clip is damaged"),
        (entry(b"NPY", npy(CLIP)[:6] + b"\x09" + npy(CLIP)[7:]), "raw clip is damaged"),
        (entry(b"NPY", npy(CLIP).replace(b"|u1", b"|v1")), "raw clip is damaged"),
        (entry(b"NPY", npy(CLIP[0])), r"shape \(4, 6\) of uint8"),
        (entry(b"NPY", npy(CLIP.astype("f4"))), "of float32"),
        (entry(b"NPY", npy(np.array([None]))), r"shape \(1,\) of object"),
        (entry(b"NPY", npy(CLIP[:0])), r"shape \(0, 4, 6\)"),
        (entry(b"NPY", HUGE_NPY), "raw clip is damaged"),
        (entry(b"CLIP", b""), "JPEG data is damaged"),
        (clip(2, 4, 1, len(JPEG) + 1), "JPEG data is damaged"),
        (clip(2, 4, 1, 0), "JPEG data is damaged"),
        (clip(2, 4, 0), "JPEG data is damaged"),
        (clip(2, 4, 2, len(JPEG)), "JPEG data is damaged"),
        (clip(2, 4, 65535, len(JPEG)), "JPEG data is damaged"),
        (clip(3, 4, 1, len(JPEG)), "JPEG data is damaged"),
        (clip(2**31, 65535, 1, len(JPEG)), "JPEG data is damaged"),
        (clip(2, 0, 1, len(JPEG)), "JPEG data is damaged"),
        (entry(b"BLOB", b"x"), "expected a clip, found 'BLOB'"),
    ],
)
def test_broken_clips_are_named(tmp_path, content, message) -> None:
    pointer = at(tmp_path, content)
    tracemalloc.start()
    with pytest.raises(ArkError, match=rf"a\.ark:4: .*{message}"):
        read_clip(pointer)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_sound_clips_made_by_hand_are_read(tmp_path) -> None:
    assert npy(CLIP) != HUGE_NPY
    assert read_clip(at(tmp_path, clip(2, 4, 1, len(JPEG)))).shape == (2, 4, 6)
    np.testing.assert_array_equal(read_clip(at(tmp_path, entry(b"NPY", npy(CLIP)))), CLIP)


def test_broken_integers_are_named(tmp_path) -> None:
    good = b"\0B\4" + struct.pack("<i", 2) + b"\4\1\0\0\0\4\2\0\0\0"
    assert read_ints(at(tmp_path, good)).tolist() == [1, 2]
    with pytest.raises(ArkError, match="integers of this entry are damaged"):
        read_ints(at(tmp_path, good[:-5] + b"\3" + good[-4:]))


@pytest.fixture
def pointers(tmp_path: Path) -> dict[str, str]:
    """Entries of every kind, of some utterances."""
    with ArkWriter(tmp_path / "a.ark") as ark:
        return {
            "utt1": str(tmp_path / ark.write_blob("utt1", b"one")),
            "utt2": str(tmp_path / ark.write_audio("utt2", np.arange(9, dtype=np.int16), 16000)),
            "3": str(tmp_path / ark.write_ints("3", np.arange(3))),
            "utt10": str(tmp_path / ark.write_clip("utt10", np.zeros((2, 8, 8), np.uint8))),
            "fünf": str(tmp_path / ark.write_blob("fünf", b"five")),
        }


READERS = {
    "utt1": read_blob,
    "utt2": read_audio_ark,
    "3": read_ints,
    "utt10": read_clip,
    "fünf": read_blob,
}


@pytest.mark.parametrize("owner", READERS)
def test_everyone_gets_their_own(pointers, owner) -> None:
    read, pointer = READERS[owner], pointers[owner]
    read(pointer, owner)
    read(pointer)
    for other in pointers:
        if other != owner:
            with pytest.raises(ArkError, match=f"is the entry of {owner}, not of {other}; the scp"):
                read(pointer, other)


@pytest.mark.parametrize("name", ["sp-utt1", "utt1-noisy", "a_utt1_b", "frutt1"])
def test_copies_with_longer_names_are_the_same_utterance(pointers, name) -> None:
    assert read_blob(pointers["utt1"], name) == b"one"


@pytest.mark.parametrize(("owner", "name"), [("utt1", "utt12"), ("3", "13"), ("3", "31")])
def test_longer_numbers_are_other_utterances(pointers, owner, name) -> None:
    with pytest.raises(ArkError, match=f"entry of {owner}, not of {name}"):
        READERS[owner](pointers[owner], name)


def test_what_only_looks_like_an_entry_is_nobody_s(tmp_path) -> None:
    with ArkWriter(tmp_path / "a.ark") as ark:
        pointer = ark.write_blob("utt1", b"BLOB\x01\x01x")
    inside = int(pointer.split(":")[1]) + 6
    assert read_blob(f"{tmp_path}/a.ark:{inside}") == b"x"
    with pytest.raises(ArkError, match="utt1: neither its id nor another stands before it"):
        read_blob(f"{tmp_path}/a.ark:{inside}", "utt1")


def test_archives_that_were_written_again_are_read_again(tmp_path, pointers) -> None:
    with pytest.raises(ArkError, match="entry of utt1, not of utt2"):
        read_blob(pointers["utt1"], "utt2")
    with ArkWriter(tmp_path / "a.ark") as ark:
        ark.write_blob("utt7", b"another and longer one")
    with pytest.raises(ArkError, match="entry of utt7, not of utt2"):
        read_blob(pointers["utt1"], "utt2")


def test_copying_asks_for_the_same_utterance(tmp_path, pointers) -> None:
    with ArkWriter(tmp_path / "b.ark") as ark:
        assert read_blob(pointers["utt1"]) == b"one"
        ark.copy("utt1", pointers["utt1"])
        with pytest.raises(ArkError, match="is the entry of utt1, not of utt2"):
            ark.copy("utt2", pointers["utt1"])


def test_folders_and_impossible_offsets(tmp_path, pointers) -> None:
    with pytest.raises(ArkError, match="cannot be read"):
        read_blob(f"{tmp_path}:3")
    with pytest.raises(ArkError, match="bytes only"):
        read_blob(f"{tmp_path}/a.ark:{10**40}")
    with pytest.raises(ArkError, match="no archive pointer"):
        read_blob(f"{tmp_path}/a.ark:-3")


def test_archive_is_not_blamed_for_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "a.ark")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OSError, match="Too many open files") as caught:
        read_entry("a.ark:0", None)
    assert not isinstance(caught.value, ArkError)
