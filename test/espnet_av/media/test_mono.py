"""One channel from several: FFmpeg's weights, and nothing of the speech cancelled."""

import av
import numpy as np
import pytest
import soundfile
from media_samples import tone

from espnet_av.media.audio import read_audio
from espnet_av.media.mono import channel_weights, mix_down

LAYOUTS = ("mono", "stereo", "2.1", "3.0", "4.0", "quad", "quad(side)", "5.0", "5.1", "5.1(side)",
           "6.1", "7.0", "7.1", "7.1(wide)", "downmix")  # fmt: skip


def noise(num_channels, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, (num_channels, 16000)).astype(np.float32)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights_are_those_of_ffmpeg(layout):
    """Its resampler, told to keep within full scale, as it does for integers."""
    names = tuple(channel.name for channel in av.AudioLayout(layout).channels)
    weights = channel_weights(names)
    assert weights.sum() == pytest.approx(1)
    if layout == "downmix":  # Two channels that were made of many: FFmpeg does not know how.
        assert weights.tolist() == [0.5, 0.5]
        return
    sound = noise(len(names))
    packed = np.ascontiguousarray(sound.T).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    frame.sample_rate = 16000
    to_mono = av.AudioResampler(
        format="fltp", layout="mono", rate=16000, options={"rematrix_maxval": "1.0"}
    )
    found = [out.to_ndarray() for out in (*to_mono.resample(frame), *to_mono.resample(None))]
    expected = np.concatenate(found, axis=1)[0]
    assert np.abs(mix_down(sound, names, "a") - expected).max() < 1e-6


def test_microphones_without_a_place_count_alike():
    assert channel_weights(("NONE",) * 6) == pytest.approx([1 / 6] * 6)
    assert channel_weights(("LFE",)).tolist() == [1]


@pytest.mark.parametrize("second", [1.0, 0.3, 0.0, -0.2])
def test_ordinary_stereo_is_the_plain_mean(second):
    pair = noise(2)
    pair[1] = second * pair[0] + (0.3 if second else 0) * pair[1]
    mean = (pair[0] + pair[1]) / 2
    assert np.array_equal(mix_down(pair, ("FL", "FR"), "a"), mean)


def test_channels_with_nothing_in_common_and_silence_are_the_plain_mean(caplog):
    for pair in (noise(2), np.zeros((2, 100), np.float32), np.zeros((2, 0), np.float32)):
        assert np.array_equal(mix_down(pair, ("FL", "FR"), "a"), pair.mean(axis=0))
    assert not caplog.records, "silence is no channel against another"


@pytest.mark.parametrize(("left", "right", "taken"), [(1, -1, 0), (1, -0.7, 0), (-0.8, 1, 1)])
def test_of_opposite_phases_the_louder_one_stays(left, right, taken, caplog, tmp_path):
    speech = noise(1)[0]
    pair = np.stack([left * speech, right * speech])
    for _ in range(3):
        assert np.array_equal(mix_down(pair, ("FL", "FR"), tmp_path / "x.wav"), pair[taken])
    assert len(caplog.records) == 1, "once for its many segments"
    assert "x.wav: its channels are of opposite phase" in caplog.text
    assert f"channel {taken + 1} of 2 alone is taken" in caplog.text


@pytest.mark.parametrize("layout", ["quad", "5.1"])
def test_opposite_fronts_of_a_film_do_not_cancel_each_other(layout):
    names = tuple(channel.name for channel in av.AudioLayout(layout).channels)
    sound = np.zeros((len(names), 16000), np.float32)
    sound[0] = noise(1)[0]
    sound[1] = -sound[0]
    assert np.array_equal(mix_down(sound, names, "a"), sound[0])


def test_a_file_with_speech_in_the_centre(tmp_path):
    """-10.7 dB, as `ffmpeg -ac 1` has it; the mean of six has -15.6."""
    sound = np.zeros((8000, 6), np.float32)
    sound[:, 2] = tone(0.5)
    soundfile.write(tmp_path / "a.wav", sound, 16000, subtype="PCM_16", format="WAVEX")
    wave = read_audio(tmp_path / "a.wav")
    gain = float(wave @ sound[:, 2] / (sound[:, 2] @ sound[:, 2]))
    assert 20 * np.log10(gain) == pytest.approx(-10.67, abs=0.01)


@pytest.mark.parametrize("num_channels", [7, 8, 9, 16])
@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
def test_many_channels(tmp_path, num_channels, form):
    soundfile.write(tmp_path / "a.wav", noise(num_channels).T, 16000, format=form)
    wave = read_audio(tmp_path / "a.wav")
    assert len(wave) == 16000
    if form == "WAV":
        assert np.abs(wave - noise(num_channels).mean(axis=0)).max() < 1e-4


def test_a_file_of_opposite_channels(tmp_path):
    speech = tone(0.5)
    soundfile.write(tmp_path / "a.wav", np.stack([speech, -speech], axis=1), 16000)
    assert np.abs(read_audio(tmp_path / "a.wav") - speech).max() < 1e-3
