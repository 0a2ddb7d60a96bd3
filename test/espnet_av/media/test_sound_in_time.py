"""Sound whose recording has holes, or whose clock is wrong, stays in step with its picture."""

import numpy as np
import pytest
from films import lag_ms, write_film

from espnet_av.media.audio import read_audio, read_sound

PCM, AAC = (None, "pcm_s16le"), (None, "aac")


def hole(time):
    return None if 1 <= time < 2 else time


@pytest.mark.parametrize(
    ("name", "codecs", "fs"),
    [
        ("a.mkv", PCM, 16000),
        ("a.mp4", ("libx264", "aac"), 44100),
        ("a.mkv", ("libx264", "aac"), 16000),
        ("a.ts", ("libx264", "aac"), 44100),
        ("a.flv", ("libx264", "aac"), 44100),
        ("a.mpg", ("mpeg2video", "mp2"), 48000),
        ("a.webm", ("libvpx", "libopus"), 48000),
        ("a.ogg", (None, "libopus"), 48000),
    ],
)
def test_a_hole_is_silence(tmp_path, name, codecs, fs):
    sound = write_film(tmp_path / name, seconds=4, codecs=codecs, fs=fs, sound_stamp=hole)
    wave, gaps = read_sound(tmp_path / name)
    for second in (0.3, 2.2, 3.4):
        assert abs(lag_ms(wave, second, sound)) < 1
    assert np.abs(wave[round(1.1 * 16000) : round(1.9 * 16000)]).max() < 1e-3
    (gap,) = gaps
    assert gap.kind == "hole"
    assert (gap.begin_sec, gap.end_sec) == pytest.approx((1.0, 2.0), abs=0.05)
    assert gap.seconds == pytest.approx(gap.end_sec - gap.begin_sec)
    assert np.array_equal(read_audio(tmp_path / name), wave)


@pytest.mark.parametrize(("start", "end"), [(0.5, 2.5), (1.2, 3.0), (2.5, 3.5), (2.2, None)])
def test_segments_of_a_recording_with_a_hole(tmp_path, start, end):
    sound = write_film(tmp_path / "a.mkv", seconds=4, codecs=PCM, sound_stamp=hole)
    whole = read_audio(tmp_path / "a.mkv")
    wave, gaps = read_sound(tmp_path / "a.mkv", start=start, end=end)
    stop = None if end is None else round(end * 16000)
    assert np.array_equal(wave, whole[round(start * 16000) : stop])
    assert len(gaps) == (start < 2)
    assert abs(lag_ms(wave, 2.6 - start, sound[round(start * 16000) :])) < 1 or end == 2.5


def test_lost_packets_do_not_add_up(tmp_path):
    def lossy(time):
        return None if round(time * 50) % 20 == 7 else time

    sound = write_film(tmp_path / "a.mkv", seconds=8, codecs=PCM, sound_stamp=lossy)
    wave, gaps = read_sound(tmp_path / "a.mkv")
    for second in (0.6, 4.2, 7.2):
        assert abs(lag_ms(wave, second, sound, size=0.1)) < 1
    assert [round(gap.seconds, 3) for gap in gaps] == [0.02] * 20


@pytest.mark.parametrize("speed", [0.996, 1.004])
@pytest.mark.parametrize("name", ["a.mkv", "a.ts"])
def test_a_clock_of_another_speed_is_followed(tmp_path, name, speed):
    codecs = PCM if name == "a.mkv" else ("libx264", "mp2")
    fs = 16000 if name == "a.mkv" else 48000
    sound = write_film(
        tmp_path / name, seconds=10, codecs=codecs, fs=fs, sound_stamp=lambda time: time * speed
    )
    wave, gaps = read_sound(tmp_path / name)
    expected = np.interp(np.arange(len(wave)) / speed, np.arange(len(sound)), sound)
    for second in (0.5, 5.0, 9.0):
        assert abs(lag_ms(wave, second, expected, reach=0.3)) < 1
    assert [gap.kind for gap in gaps] == ["slow clock"]
    assert gaps[0].seconds == pytest.approx(10 * (speed - 1), rel=0.03)


def test_an_overlap_is_heard_once(tmp_path):
    clips = []
    for number, offset in enumerate((1.0, 2.52)):

        def later(time, offset=offset):
            return time + offset

        path = tmp_path / f"{number}.ts"
        codecs = ("libx264", "mp2")
        sound = write_film(
            path, seconds=2, codecs=codecs, fs=48000, picture_stamp=later, sound_stamp=later
        )
        clips.append(path.read_bytes())
    (tmp_path / "a.ts").write_bytes(b"".join(clips))
    wave, gaps = read_sound(tmp_path / "a.ts")
    assert abs(lag_ms(wave, 1.0, sound, reach=0.2)) < 1
    assert abs(lag_ms(wave[24320:], 1.0, sound, reach=0.2)) < 1
    assert len(wave) == pytest.approx(3.52 * 16000, abs=500)
    assert [(gap.kind, round(gap.seconds, 1)) for gap in gaps] == [("overlap", 0.5)]


@pytest.mark.parametrize("name", ["a.mkv", "a.flv", "a.ts", "a.mp4"])
def test_rounded_stamps_leave_the_decoded_samples_as_they_are(tmp_path, name):
    codecs = (None, "pcm_s16le") if name == "a.mkv" else (None, "aac")
    write_film(tmp_path / name, seconds=3, codecs=codecs, fs=44100)
    wave, gaps = read_sound(tmp_path / name)
    assert gaps == ()
    if name == "a.mkv":
        whole, _ = read_sound(write_wav(tmp_path, wave_of(tmp_path / name)))
        assert np.array_equal(wave, whole)


def wave_of(path):
    """Samples of a PCM track as they are stored."""
    import av

    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


def write_wav(folder, samples):
    import soundfile

    soundfile.write(folder / "plain.wav", samples, 44100)
    return folder / "plain.wav"


def test_avi_counts_its_sound(tmp_path):
    # Lost sound cannot be known from an avi; what FFmpeg makes of its index is no time stamp.
    write_film(tmp_path / "a.avi", seconds=2, codecs=("mpeg4", "libmp3lame"), fs=44100)
    assert read_sound(tmp_path / "a.avi").gaps == ()
