"""Archives written here open in kaldiio, and its archives open here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from espnet_av.data.ark import ArkWriter, read_audio_ark, read_ints

kaldiio = pytest.importorskip("kaldiio")


def test_kaldiio_reads_our_archives(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    wave = generator.integers(-9000, 9000, 5000).astype(np.int16)
    clip = generator.integers(0, 256, (5, 96, 96)).astype(np.uint8)
    labels = np.array([3, -1, 2000])
    with ArkWriter(tmp_path / "a.ark") as ark:
        pointers = [
            ark.write_audio("u1", wave, 16000),
            ark.write_clip("u2", clip, "raw"),
            ark.write_ints("u3", labels),
        ]
    audio, video, ints = (kaldiio.load_mat(str(tmp_path / pointer)) for pointer in pointers)
    assert audio[0] == 16000
    np.testing.assert_array_equal(audio[1] * 32768, wave)
    np.testing.assert_array_equal(video, clip)
    np.testing.assert_array_equal(ints, labels)
    assert [utt_id for utt_id, _ in kaldiio.load_ark(str(tmp_path / "a.ark"))] == ["u1", "u2", "u3"]


def test_we_read_archives_of_kaldiio(tmp_path: Path) -> None:
    wave = np.arange(-3000, 3000, dtype=np.int16)
    path = str(tmp_path / "a.ark")
    kaldiio.save_ark(
        path,
        {"u1": (16000, wave)},
        scp=str(tmp_path / "a.scp"),
        write_function="soundfile",
        write_kwargs={"format": "flac"},
    )
    read, fs = read_audio_ark((tmp_path / "a.scp").read_text().split()[1])
    assert fs == 16000
    np.testing.assert_array_equal(read * 32768, wave)
    kaldiio.save_ark(path, {"u2": np.arange(4, dtype=np.int32)}, scp=str(tmp_path / "b.scp"))
    np.testing.assert_array_equal(read_ints((tmp_path / "b.scp").read_text().split()[1]), range(4))
