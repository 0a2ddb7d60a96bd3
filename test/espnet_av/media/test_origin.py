"""Second 0 of a file lies on its first picture, whatever its container does with the sound."""

import av
import pytest
from films import lag_ms, write_film
from media_samples import frame_numbers

from espnet_av.media.audio import read_audio
from espnet_av.media.origin import origin_sec
from espnet_av.media.video import read_video

AAC, MP3 = ("libx264", "aac"), ("libx264", "libmp3lame")
PCM = ("libx264", "pcm_s16le")


@pytest.mark.parametrize(
    ("name", "codecs", "fs", "b_frames"),
    [
        ("a.mp4", AAC, 16000, 2),
        ("a.mov", AAC, 44100, 0),
        ("a.mkv", AAC, 16000, 0),
        ("a.mkv", AAC, 44100, 2),
        ("a.mkv", MP3, 16000, 2),
        ("a.mkv", PCM, 16000, 2),
        ("a.webm", ("libvpx", "libopus"), 48000, 0),
        ("a.ts", AAC, 16000, 0),
        ("a.ts", MP3, 44100, 2),
        ("a.ts", ("libx264", "ac3"), 48000, 2),
        ("a.flv", AAC, 44100, 2),
        ("a.mpg", ("mpeg2video", "mp2"), 48000, 2),
        ("a.avi", AAC, 16000, 0),
        ("a.avi", AAC, 16000, 2),
        ("a.avi", AAC, 44100, 0),
        ("a.avi", MP3, 16000, 0),
        ("a.avi", MP3, 44100, 2),
        ("a.avi", ("mpeg4", "libmp3lame"), 44100, 0),
        ("a.avi", PCM, 16000, 2),
    ],
)
def test_pictures_and_sound_are_in_step_in_every_container(tmp_path, name, codecs, fs, b_frames):
    sound = write_film(tmp_path / name, seconds=2, codecs=codecs, fs=fs, b_frames=b_frames)
    assert frame_numbers(read_video(tmp_path / name, gray=True)) == list(range(50))
    assert abs(lag_ms(read_audio(tmp_path / name), 1.0, sound)) < 1


def test_fragments_without_edit_list(tmp_path):
    options = {"movflags": "frag_keyframe+empty_moov"}
    sound = write_film(
        tmp_path / "a.mp4", seconds=2, codecs=AAC, fs=44100, b_frames=2, options=options
    )
    assert frame_numbers(read_video(tmp_path / "a.mp4", gray=True)) == list(range(50))
    assert abs(lag_ms(read_audio(tmp_path / "a.mp4"), 1.0, sound)) < 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv"])
def test_a_film_that_begins_a_second_late_keeps_the_sound_before(tmp_path, name):
    sound = write_film(
        tmp_path / name, seconds=2, codecs=AAC, fs=44100, picture_stamp=lambda time: time + 1
    )
    numbers = frame_numbers(read_video(tmp_path / name, gray=True))
    assert numbers == [0] * 25 + list(range(50))
    assert abs(lag_ms(read_audio(tmp_path / name), 0.5, sound, reach=0.4)) < 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv"])
def test_sound_that_begins_a_second_late(tmp_path, name):
    sound = write_film(
        tmp_path / name, seconds=2, codecs=AAC, fs=44100, sound_stamp=lambda time: time + 1
    )
    assert frame_numbers(read_video(tmp_path / name, gray=True)) == list(range(50))
    assert lag_ms(read_audio(tmp_path / name), 0.5, sound, reach=1.5) == pytest.approx(1000, abs=1)


def test_recorded_sound_before_the_picture_is_kept_in_whole_frames(tmp_path):
    sound = write_film(
        tmp_path / "a.mkv",
        seconds=2,
        codecs=PCM,
        picture_stamp=lambda time: time + 0.16,
        sound_stamp=lambda time: time + 0.03,
    )
    # 130 ms are three frames and 10 ms: those 10 ms are given up, no picture is moved.
    assert frame_numbers(read_video(tmp_path / "a.mkv", gray=True)) == [0] * 3 + list(range(50))
    assert lag_ms(read_audio(tmp_path / "a.mkv"), 1.0, sound) == pytest.approx(-10, abs=1)


def test_avi_that_begins_late(tmp_path):
    sound = write_film(
        tmp_path / "a.avi", seconds=2, codecs=AAC, fs=44100, picture_stamp=lambda time: time + 1
    )
    assert frame_numbers(read_video(tmp_path / "a.avi", gray=True)) == [0] * 25 + list(range(50))
    # Its frames are counted: half a frame is lost.
    assert abs(lag_ms(read_audio(tmp_path / "a.avi"), 0.5, sound, reach=0.4)) < 20


@pytest.mark.parametrize(("name", "kind"), [("a.mka", "audio"), ("a.mkv", "video")])
def test_file_of_one_track_begins_with_it(tmp_path, name, kind):
    codecs = (None, "pcm_s16le") if kind == "audio" else ("mpeg4", None)

    def late(time):
        return time + 3

    write_film(tmp_path / name, seconds=1, codecs=codecs, picture_stamp=late, sound_stamp=late)
    with av.open(str(tmp_path / name)) as container:
        assert origin_sec(container, kind) == pytest.approx(3)


def test_a_segment_counts_from_the_same_second(tmp_path):
    sound = write_film(tmp_path / "a.mkv", seconds=4, codecs=AAC, fs=16000, b_frames=2)
    pictures = read_video(tmp_path / "a.mkv", start=2.4, end=3.2, gray=True)
    assert frame_numbers(pictures) == list(range(60, 80))
    wave = read_audio(tmp_path / "a.mkv", start=2.4, end=3.2)
    assert abs(lag_ms(wave, 0.3, sound[round(2.4 * 16000) :], reach=0.2)) < 1
