"""Floating-point sound of any scale comes out unclipped; ordinary sound as it is."""

import numpy as np
import pytest
import soundfile
from media_samples import tone
from scipy.io import wavfile

from espnet_av.errors import MediaError
from espnet_av.media.audio import read_audio
from espnet_av.media.sample_scale import Level


def write(path, samples, dtype=np.float32):
    wavfile.write(path, 16000, samples.astype(dtype))
    return path


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_integers_stored_as_floats(tmp_path, bits, dtype, caplog):
    speech = tone(0.5)
    path = write(tmp_path / "a.wav", speech * 2.0 ** (bits - 1), dtype)
    assert np.abs(read_audio(path) - speech).max() < 1e-6
    assert f"a.wav: samples up to {speech.max() * 2.0 ** (bits - 1):g}" in caplog.text
    assert f"divided by {2.0 ** (bits - 1):g}" in caplog.text


@pytest.mark.parametrize("start", [0.0, 0.25])
def test_16_bits_stored_in_32(tmp_path, start, caplog):
    """As a dump of 16 bits they would be silence."""
    speech = tone(0.5, level=0.9)
    write(tmp_path / "a.wav", speech * 32767, np.int32)
    wave = read_audio(tmp_path / "a.wav", start=start)
    assert np.abs(wave - speech[round(16000 * start) :] / 2).max() < 1e-4
    assert "a.wav: samples up to 1.373" in caplog.text
    write(tmp_path / "b.wav", speech / 32767, np.float32)
    assert np.abs(read_audio(tmp_path / "b.wav")).max() == pytest.approx(0.9, abs=0.01)


def test_integers_of_32_bits_come_back_exactly(tmp_path, caplog):
    samples = np.random.default_rng(0).integers(-(2**31), 2**31, 4000).astype(np.int32)
    write(tmp_path / "a.wav", samples, np.int32)
    assert np.array_equal(read_audio(tmp_path / "a.wav"), samples.astype(np.float32) / 2**31)
    write(tmp_path / "a.wav", np.zeros(4000), np.int32)
    assert not read_audio(tmp_path / "a.wav").any() and not caplog.text


@pytest.mark.parametrize("level", [0.0, 1e-4, 0.003])
def test_a_quiet_stretch_has_the_scale_of_its_file(tmp_path, level):
    speech = tone(3.0) * np.where(np.arange(48000) < 16000, level, 1).astype(np.float32)
    path = write(tmp_path / "a.wav", speech * 32767)
    for start, end in ((0.2, 0.8), (1.5, 2.0), (2.5, None)):
        part = speech[round(start * 16000) : end and round(end * 16000)]
        assert np.abs(read_audio(path, start=start, end=end) - part).max() < 1e-4


def test_a_file_that_was_made_again_is_looked_at_again(tmp_path):
    path = write(tmp_path / "a.wav", tone(1.0) * 32767)
    assert np.abs(read_audio(path, start=0.5)).max() == pytest.approx(0.5, abs=0.01)
    write(path, tone(1.5))
    assert np.abs(read_audio(path, start=0.5)).max() == pytest.approx(0.5, abs=0.01)


def test_standardised_sound_is_not_cut_off(tmp_path):
    samples = np.random.default_rng(0).standard_normal(16000)
    wave = read_audio(write(tmp_path / "a.wav", samples))
    assert np.abs(wave - samples / np.abs(samples).max()).max() < 1e-6


def test_overshoots_are_cut_off_as_always(tmp_path, caplog):
    samples = tone(1.0)
    samples[100:110] = 1.5
    wave = read_audio(write(tmp_path / "a.wav", samples))
    assert np.array_equal(wave, samples.clip(-1, 1)) and not caplog.text


def test_ordinary_floats_come_back_exactly(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, 5000).astype(np.float32)
    path = write(tmp_path / "a.wav", samples)
    assert np.array_equal(read_audio(path), samples)
    assert np.array_equal(read_audio(path, end=0.2), samples[:3200])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers(tmp_path, bad):
    samples = tone(0.5)
    samples[70] = bad
    with pytest.raises(MediaError, match=r"a\.wav: samples that are no finite numbers"):
        read_audio(write(tmp_path / "a.wav", samples))


def test_other_containers_of_floats(tmp_path):
    for name, form in (("a.w64", "W64"), ("a.aiff", "AIFF"), ("a.au", "AU"), ("a.caf", "CAF")):
        soundfile.write(tmp_path / name, tone(0.5) * 32768, 16000, "FLOAT", format=form)
        assert np.abs(read_audio(tmp_path / name) - tone(0.5)).max() < 1e-6


@pytest.mark.parametrize(
    ("peak", "scale"), [(0.0, 1), (1e-5, 2**-15), (1e-4, 1), (1.0, 1), (60, 1), (65, 2**15),
                        (100_000, 2**15), (2**22, 2**23), (2**26, 2**31), (1e12, 2**31)],
)  # fmt: skip
def test_scales(peak, scale):
    assert Level(peak, 0.0).full_scale == scale
