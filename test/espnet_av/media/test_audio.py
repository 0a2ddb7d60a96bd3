"""Sound of any rate and layout comes out as 16 kHz mono, in step with the picture."""

import av
import numpy as np
import pytest
import soundfile
from films import write_film
from media_samples import numbered_frames, tone

from espnet_av.errors import MediaError
from espnet_av.media.audio import read_audio
from espnet_av.media.video import write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Four seconds of a rising tone with picture, AAC in mp4."""
    path = tmp_path_factory.mktemp("audio") / "clip.mp4"
    time = np.arange(4 * 16000) / 16000
    sweep = 0.5 * np.sin(2 * np.pi * (200 * time + 150 * time**2))
    write_video(path, numbered_frames(100), 25, sweep)
    return path


def test_16_bit_wave_comes_back_exactly(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    wave = read_audio(tmp_path / "a.wav")
    assert wave.dtype == np.float32
    assert np.array_equal(wave, samples / np.float32(32768))


@pytest.mark.parametrize("fs", [8000, 22050, 44100, 48000])
def test_any_rate_becomes_16_khz(tmp_path, fs):
    soundfile.write(tmp_path / "a.wav", tone(1.5, fs), fs)
    wave = read_audio(tmp_path / "a.wav")
    assert abs(len(wave) - 24000) <= 2
    middle = slice(2000, 22000)
    # Amplitude and phase: a resampler's delay would show here.
    assert np.abs(wave[middle] - tone(1.6)[middle]).max() < 0.01


def test_channels_are_averaged_not_summed(tmp_path):
    stereo = np.stack([tone(0.5, level=0.8), np.zeros(8000, np.float32)], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, 16000)
    assert np.abs(read_audio(tmp_path / "a.wav")).max() == pytest.approx(0.4, abs=1e-3)


def test_other_output_rate(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1.0), 16000)
    assert len(read_audio(tmp_path / "a.wav", fs=8000)) == 8000


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.7, 1.3), (2.5, 3.1), (3.0, None)])
def test_a_segment_is_the_slice_of_the_whole(clip, start, end):
    whole = read_audio(clip)
    part = read_audio(clip, start=start, end=end)
    stop = None if end is None else round(end * 16000)
    expected = whole[round(start * 16000) : stop]
    assert len(part) == len(expected)
    assert np.abs(part - expected).max() < 1e-4


@pytest.mark.parametrize(
    ("codec", "fs"), [("adpcm_ima_wav", 16000), ("adpcm_ms", 16000), ("g722", 16000)]
)
def test_segments_of_a_wav_with_coded_samples(tmp_path, codec, fs):
    path = tmp_path / "dictaphone.wav"
    write_film(path, seconds=6, codecs=(None, codec), fs=fs)
    whole = read_audio(path)
    for start, end in ((2.5, 3.5), (5.0, 5.8)):
        found = read_audio(path, start=start, end=end)
        assert np.array_equal(found, whole[round(start * 16000) : round(end * 16000)])


def test_segment_of_a_resampled_file(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(4.0, 44100), 44100)
    part = read_audio(tmp_path / "a.wav", start=2.5, end=3.0)
    expected = tone(4.0)[40000:48000]
    assert len(part) == 8000
    assert np.abs(part - expected)[100:-100].max() < 0.01


def test_sound_that_begins_later_is_led_by_silence(tmp_path):
    with av.open(str(tmp_path / "late.mkv"), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 128, 64, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        for picture in numbered_frames(25):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(video.encode(None))
        samples = (tone(0.5) * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16000, 8000
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    wave = read_audio(tmp_path / "late.mkv")
    assert len(wave) == 16000
    assert not wave[:8000].any()
    assert np.abs(wave[8000:] - tone(0.5)).max() < 1e-3


def test_nothing_in_the_segment_is_an_error(clip):
    with pytest.raises(MediaError, match=r"no sound between 9 s.*segments"):
        read_audio(clip, start=9, end=10)


def test_grid_as_published_and_as_mp4(grid_root):
    published = read_audio(grid_root / "as_published" / "s1" / "bbaf2n.mpg")
    mp4 = read_audio(grid_root / "s1" / "bbaf2n.mp4")
    size = min(len(published), len(mp4))
    assert abs(len(published) - 3 * 16000) < 800
    assert np.corrcoef(published[:size], mp4[:size])[0, 1] > 0.98


def test_a_track_without_sound_is_named_without_blame(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(0), 16000)
    with pytest.raises(MediaError, match=r"a\.wav: no sound in it, though it has a track") as error:
        read_audio(tmp_path / "a.wav")
    assert "segments" not in str(error.value)
