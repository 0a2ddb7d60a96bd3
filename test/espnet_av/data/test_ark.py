from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from espnet_av.data.ark import (
    ArkWriter,
    read_audio_ark,
    read_blob,
    read_clip,
    read_ints,
)
from espnet_av.data.table import is_ark_pointer
from espnet_av.errors import ArkError


def smooth_clip(num_frames: int, height: int = 96, width: int = 96) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    picture = 128 + 100 * np.sin(rows / 20) * np.cos(columns / 15)
    return np.stack([picture - t % 28 for t in range(num_frames)]).astype(np.uint8)


def write_one(path: Path, method: str, *args: object) -> str:
    with ArkWriter(path) as ark:
        ark.write_blob("before", b"something of another length")
        pointer = getattr(ark, method)("utt", *args)
    return str(path.parent / pointer)


def test_int16_audio_comes_back_bit_for_bit(tmp_path: Path) -> None:
    wave = np.array([-32768, -1, 0, 1, 32767] * 100, dtype=np.int16)
    read, fs = read_audio_ark(write_one(tmp_path / "a.ark", "write_audio", wave, 16000))
    assert fs == 16000 and read.dtype == np.float32
    np.testing.assert_array_equal(read * 32768, wave)


def test_float_audio_is_rounded_and_clipped(tmp_path: Path) -> None:
    wave = np.array([-2.0, -0.5, 0.25, 2.0] * 50, dtype=np.float32)
    read, _ = read_audio_ark(write_one(tmp_path / "a.ark", "write_audio", wave, 16000))
    np.testing.assert_allclose(read[:4], [-1.0, -0.5, 0.25, 32767 / 32768])


def test_raw_clip_is_exact_and_writable(tmp_path: Path) -> None:
    clip = np.random.default_rng(0).integers(0, 256, (7, 10, 12)).astype(np.uint8)
    read = read_clip(write_one(tmp_path / "a.ark", "write_clip", clip, "raw"))
    np.testing.assert_array_equal(read, clip)
    read[0] = 0


@pytest.mark.parametrize("num_frames", [1, 75, 682, 683, 1500])
def test_jpeg_clip_is_close_for_any_length(tmp_path: Path, num_frames: int) -> None:
    # 682 frames of 96 lines are the most that fit a JPEG image.
    clip = smooth_clip(num_frames)
    pointer = write_one(tmp_path / "a.ark", "write_clip", clip)
    read = read_clip(pointer)
    assert read.shape == clip.shape and read.dtype == np.uint8
    assert np.abs(read.astype(int) - clip).mean() < 1
    assert (tmp_path / "a.ark").stat().st_size < clip.size / 4


def test_jpeg_frames_do_not_leak_into_each_other(tmp_path: Path) -> None:
    clip = np.zeros((4, 96, 96), np.uint8)
    clip[2] = 255
    read = read_clip(write_one(tmp_path / "a.ark", "write_clip", clip))
    np.testing.assert_array_equal(read, clip)


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=50), blob=st.binary(max_size=300))
def test_ints_and_blobs_round_trip(
    tmp_path_factory: pytest.TempPathFactory, values: list[int], blob: bytes
) -> None:
    path = tmp_path_factory.mktemp("ark") / "a.ark"
    with ArkWriter(path) as ark:
        ints = ark.write_ints("u1", np.array(values, dtype=np.int64))
        bytes_ = ark.write_blob("u2", blob)
    assert read_ints(str(path.parent / ints)).tolist() == values
    assert read_blob(str(path.parent / bytes_)) == blob


def test_copy_keeps_the_bytes_of_every_kind(tmp_path: Path) -> None:
    with ArkWriter(tmp_path / "a.ark") as ark:
        pointers = {
            "u1": ark.write_audio("u1", np.arange(1000, dtype=np.int16), 16000),
            "u2": ark.write_clip("u2", smooth_clip(3)),
            "u3": ark.write_ints("u3", np.arange(5)),
        }
    with ArkWriter(tmp_path / "b.ark") as ark:
        for utt_id, pointer in pointers.items():
            assert ark.copy(utt_id, str(tmp_path / pointer)).split(":")[1] == pointer.split(":")[1]
    assert (tmp_path / "b.ark").read_bytes() == (tmp_path / "a.ark").read_bytes()


def test_nothing_appears_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "a.ark").write_bytes(b"previous")
    with pytest.raises(RuntimeError, match="stop"), ArkWriter(tmp_path / "a.ark") as ark:
        ark.write_blob("utt", b"new")
        raise RuntimeError("stop")
    assert [path.name for path in tmp_path.iterdir()] == ["a.ark"]
    assert (tmp_path / "a.ark").read_bytes() == b"previous"


def test_empty_input_is_refused_by_name(tmp_path: Path) -> None:
    with ArkWriter(tmp_path / "a.ark") as ark:
        with pytest.raises(ArkError, match=r"utt7: audio of shape \(0,\)"):
            ark.write_audio("utt7", np.zeros(0, np.int16), 16000)
        with pytest.raises(ArkError, match=r"utt8: clip of shape \(0, 96, 96\)"):
            ark.write_clip("utt8", np.zeros((0, 96, 96), np.uint8))
        with pytest.raises(ArkError, match="float64"):
            ark.write_clip("utt9", np.zeros((2, 96, 96)))


def test_bad_pointers_are_named(tmp_path: Path) -> None:
    pointer = write_one(tmp_path / "a.ark", "write_blob", b"payload")
    with pytest.raises(ArkError, match="no archive pointer"):
        read_blob(str(tmp_path / "a.ark"))
    with pytest.raises(ArkError, match=r"b\.ark:3: no such archive"):
        read_blob(str(tmp_path / "b.ark:3"))
    with pytest.raises(ArkError, match="no entry starts there"):
        read_blob(pointer[:-2] + "35")
    with pytest.raises(ArkError, match="has 57 bytes only; it was cut short, or changed"):
        read_blob(pointer + "1")
    with pytest.raises(ArkError, match="expected a clip, found 'BLOB'"):
        read_clip(pointer)


@pytest.mark.parametrize("method", ["write_blob", "write_ints", "write_clip", "write_audio"])
def test_truncated_archives_are_named(tmp_path: Path, method: str) -> None:
    values = {
        "write_blob": (b"abcdefgh",),
        "write_ints": (np.arange(9),),
        "write_clip": (smooth_clip(3),),
        "write_audio": (np.arange(900, dtype=np.int16), 16000),
    }
    pointer = write_one(tmp_path / "a.ark", method, *values[method])
    content = (tmp_path / "a.ark").read_bytes()
    (tmp_path / "a.ark").write_bytes(content[:-1])
    reader = {"write_blob": read_blob, "write_ints": read_ints, "write_clip": read_clip}
    with pytest.raises(ArkError, match="ends in the middle"):
        reader.get(method, read_audio_ark)(pointer)


def test_damaged_payloads_are_named(tmp_path: Path) -> None:
    with ArkWriter(tmp_path / "a.ark") as ark:
        start = ark.write_audio("u", np.arange(900, dtype=np.int16), 16000)
        clip = ark.write_clip("u", smooth_clip(3))
    content = bytearray((tmp_path / "a.ark").read_bytes())
    for pointer, skip in ((start, 8), (clip, 20)):
        begin = int(pointer.split(":")[1]) + skip
        content[begin : begin + 40] = bytes(40)
    (tmp_path / "a.ark").write_bytes(content)
    with pytest.raises(ArkError, match="audio entry cannot be decoded"):
        read_audio_ark(str(tmp_path / start))
    with pytest.raises(ArkError, match="JPEG data is damaged"):
        read_clip(str(tmp_path / clip))


def test_pointers_are_told_from_paths() -> None:
    assert is_ark_pointer("dump/a.ark:12")
    assert not is_ark_pointer("data/s1/a.mp4")
    assert not is_ark_pointer("C:movie.mp4")


def test_flac_payload_is_a_plain_flac_file(tmp_path: Path) -> None:
    wave = np.arange(-500, 500, dtype=np.int16)
    pointer = write_one(tmp_path / "a.ark", "write_audio", wave, 16000)
    content = (tmp_path / "a.ark").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[content.index(b"fLaC") :])
    read, fs = soundfile.read(tmp_path / "a.flac", dtype="int16")
    assert fs == 16000 and pointer.endswith(f":{content.index(b'AUDIO')}")
    np.testing.assert_array_equal(read, wave)
