"""Frames come in the order of the film, with a time that goes on, from any container."""

import av
import pytest
from films import lag_ms, write_film
from media_samples import frame_numbers

from espnet_av.media.audio import read_sound
from espnet_av.media.timeline import MOST_REORDERED, _ordered, frames_in_time
from espnet_av.media.video import read_video


def ordered(stamps, depth):
    found = list(_ordered(((stamp, number) for number, stamp in enumerate(stamps)), depth))
    assert [number for _, number in found] == list(range(len(stamps)))
    return [stamp for stamp, _ in found]


def test_stamps_of_the_order_of_decoding_are_put_in_order():
    assert ordered([0, 2, 3, 1, 5, 6, 4], 2) == [0, 1, 2, 3, 4, 5, 6]


def test_order_that_is_deeper_than_announced_is_found_out():
    stamps = [0, 2, 3, 4, 5, 1, 7, 8, 9, 10, 6, 12, 13, 14, 15, 11]
    assert ordered(stamps, 1)[6:] == list(range(6, 16))
    assert ordered(stamps, MOST_REORDERED) == list(range(16))


def test_without_reordering_stamps_stay_as_they_are():
    assert ordered([3, 1, 2], 0) == [3, 1, 2]


def test_frames_without_a_stamp_stay_in_their_place():
    assert ordered([0, None, 2, 1, None], 2) == [0, None, 1, 2, None]


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 2), ("libx264", 4), ("mpeg4", 2)])
def test_b_frames_in_avi_are_in_step(tmp_path, codec, b_frames):
    sound = write_film(
        tmp_path / "a.avi", seconds=3, codecs=(codec, "pcm_s16le"), b_frames=b_frames
    )
    assert frame_numbers(read_video(tmp_path / "a.avi", gray=True)) == list(range(75))
    part = read_video(tmp_path / "a.avi", start=2.2, end=2.8, gray=True)
    assert frame_numbers(part) == list(range(55, 70))
    assert abs(lag_ms(read_sound(tmp_path / "a.avi").wave, 1.5, sound)) < 1


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.flv"])
def test_pictures_stamped_as_they_are_decoded(tmp_path, name):
    codecs = ("libx264", "aac")
    write_film(
        tmp_path / name, seconds=2, codecs=codecs, fs=44100, b_frames=2, stored_in_order=True
    )
    assert frame_numbers(read_video(tmp_path / name, gray=True)) == list(range(50))


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("a.ts", ("libx264", "aac")),
        ("b.ts", ("libx264", "ac3")),
        ("a.mkv", ("libx264", "aac")),
        ("a.mpg", ("mpeg2video", "mp2")),
    ],
)
def test_clips_joined_byte_by_byte(tmp_path, name, codecs):
    # FFmpeg reads two joined Matroska files, and no third one.
    times = 2 if name == "a.mkv" else 3
    sound = write_film(tmp_path / name, seconds=2, codecs=codecs, fs=44100, b_frames=2)
    joined = tmp_path / f"joined.{name}"
    joined.write_bytes((tmp_path / name).read_bytes() * times)
    numbers = frame_numbers(read_video(joined, gray=True))
    assert numbers == list(range(50)) * times
    wave = read_sound(joined).wave
    for clip in range(times):
        assert abs(lag_ms(wave[clip * 32000 :], 1.0, sound, reach=0.5)) < 1
    assert len(wave) == pytest.approx(times * 32000, abs=800)
    part = read_video(joined, start=1.2, end=2.8, gray=True)
    assert frame_numbers(part) == [*range(30, 50), *range(20)]


def test_clips_of_different_clocks_joined(tmp_path):
    codecs, clips = ("libx264", "mp2"), []
    for number, offset in enumerate((0, 7000, 40)):
        path = tmp_path / f"{number}.ts"

        def later(time, offset=offset):
            return time + offset

        sound = write_film(
            path, seconds=2, codecs=codecs, fs=48000, picture_stamp=later, sound_stamp=later
        )
        clips.append(path.read_bytes())
    (tmp_path / "a.ts").write_bytes(b"".join(clips))
    assert frame_numbers(read_video(tmp_path / "a.ts", gray=True)) == list(range(50)) * 3
    wave = read_sound(tmp_path / "a.ts").wave
    for clip in range(3):
        assert abs(lag_ms(wave[clip * 32000 :], 1.0, sound, reach=0.5)) < 1


def test_transport_stream_whose_clock_wraps(tmp_path):
    def late(time):
        return time + 95437.72  # 3 s before 2**33 ticks of 90 kHz

    codecs = ("libx264", "mp2")
    sound = write_film(
        tmp_path / "a.ts", seconds=4, codecs=codecs, fs=48000, picture_stamp=late, sound_stamp=late
    )
    assert frame_numbers(read_video(tmp_path / "a.ts", gray=True)) == list(range(100))
    assert abs(lag_ms(read_sound(tmp_path / "a.ts").wave, 3.0, sound)) < 1


def test_a_hole_in_one_track_is_no_cut(tmp_path):
    def without_middle(time):
        return None if 1 <= time < 13 else time

    codecs = ("libx264", "mp2")
    sound = write_film(
        tmp_path / "a.ts", seconds=14, codecs=codecs, fs=48000, sound_stamp=without_middle
    )
    found = read_sound(tmp_path / "a.ts")
    assert abs(lag_ms(found.wave, 13.5, sound, reach=0.2)) < 1
    assert [(gap.kind, round(gap.seconds, 1)) for gap in found.gaps] == [("hole", 12.0)]


def test_raw_pictures_without_any_stamp(tmp_path):
    write_film(tmp_path / "a.h264", seconds=2, codecs=("libx264", None), b_frames=2)
    assert frame_numbers(read_video(tmp_path / "a.h264", gray=True)) == list(range(50))


def test_packets_without_stamp(tmp_path):
    write_film(tmp_path / "a.mkv", seconds=1, codecs=("mpeg4", None))
    with av.open(str(tmp_path / "a.mkv")) as container:
        stream = container.streams.video[0]
        demux = container.demux

        class Unstamped:
            """The same file, some of whose packets have lost their stamps."""

            format, start_time, streams = container.format, container.start_time, container.streams
            name = container.name

            def demux(self, wanted):
                for number, packet in enumerate(demux(wanted)):
                    if number % 3 and packet.size:
                        packet.pts = None
                    yield packet

        stamps = [stamp for stamp, _ in frames_in_time(Unstamped(), stream)]
    assert stamps[:6] == [0.0, None, None, pytest.approx(0.12), None, None]
