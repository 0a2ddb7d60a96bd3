"""Pictures at a constant rate: nearest, held where the film stands still, and always to an end."""

from fractions import Fraction
from itertools import islice

import av
import numpy as np
import pytest
from films import write_film
from media_samples import frame_numbers, numbered_frames

from espnet_av.media import picture_times
from espnet_av.media.picture_times import Picture, at_constant_rate, timed_pictures
from espnet_av.media.video import read_video


def shown(begins, first=0, stop=None, fps=25.0, length=0.04):
    """Numbers of the pictures shown; more than a thousand would never end."""
    pictures = (Picture(begin, begin + length, number) for number, begin in enumerate(begins))
    numbers = list(islice(at_constant_rate(pictures, fps, first, stop), 1000))
    assert len(numbers) < 1000
    return numbers


def test_pictures_at_the_rate_wanted_are_each_shown_once():
    assert shown([k / 25 for k in range(10)]) == list(range(10))


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), 24, 30, 50, Fraction(60000, 1001), 15])
def test_other_rates_give_the_nearest_picture(rate):
    begins = [float(k / Fraction(rate)) for k in range(40)]
    numbers = shown(begins, length=1 / float(rate))
    assert set(numbers) >= set(range(len(begins))) or rate > 25
    for output, number in enumerate(numbers[:-1]):
        assert abs(begins[number] - output / 25) <= 0.5 / float(rate) + 0.5e-3


@pytest.mark.parametrize("hole", [0.13, 0.2, 1.0, 5.0])
def test_the_last_picture_stays_while_the_film_stands_still(hole):
    numbers = shown([0.0, 0.04, 0.04 + hole, 0.08 + hole])
    first_new = numbers.index(2)
    assert set(numbers[1:first_new]) == {1}
    # Not before it is due, but for the half frame by which any picture may be early.
    assert -0.02 - 1e-3 <= first_new / 25 - (0.04 + hole) <= 0.02


def test_a_short_hole_is_shared_by_its_neighbours():
    assert shown([0.0, 0.04, 0.16, 0.2]) == [0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    "begins", [[0.0, 0.0, 0.0], [0.0, 0.04, 0.0405, 0.08], [0.0, 0.04, 0.04, 0.04, 0.08]]
)
def test_equal_stamps_end(begins):
    numbers = shown(begins)
    assert numbers == sorted(numbers)
    assert numbers[-1] == len(begins) - 1


def test_span_of_output_frames():
    begins = [k / 25 for k in range(10)]
    assert shown(begins, first=3, stop=6) == [3, 4, 5]
    assert shown(begins, first=8, stop=20) == [8, 9]
    assert shown(begins, first=20) == []
    assert shown([]) == []


def test_the_last_picture_stays_for_its_length():
    assert shown([0.0, 0.04], length=0.12) == [0, 1, 1, 1]


class Frame:
    """As much of a decoded frame as its time needs."""

    def __init__(self, duration=40):
        self.duration = duration


class Stream:
    average_rate, time_base = Fraction(25), Fraction(1, 1000)


def begins_of(monkeypatch, stamps, duration=40):
    frames = [(stamp, Frame(duration)) for stamp in stamps]
    monkeypatch.setattr(picture_times, "frames_in_time", lambda *arguments: iter(frames))
    pictures = list(timed_pictures(None, Stream(), 0.0, 0.0))
    assert [picture.frame for picture in pictures] == [frame for _, frame in frames]
    return [picture.begin for picture in pictures]


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([0.0, 0.04, 0.08], [0.0, 0.04, 0.08]),
        ([0.0, None, None, 0.12], [0.0, 0.04, 0.08, 0.12]),
        ([None, None], [0.0, 0.04]),
        ([0.0, 0.0, 0.08, 0.08], [0.0, 0.04, 0.08, 0.12]),
        ([0.0, 0.0005, 0.06], [0.0, 0.03, 0.06]),
        ([0.0, 0.0, 5.0], [0.0, 0.04, 5.0]),
        ([0.2, 0.24, 0.16, 0.2, 0.24, 0.28], [0.2, 0.24, 0.25, 0.26, 0.27, 0.28]),
    ],
)
def test_pictures_of_one_stamp_share_its_time(monkeypatch, stamps, expected):
    assert begins_of(monkeypatch, stamps) == pytest.approx(expected)


def test_no_duration_is_that_of_the_rate(monkeypatch):
    assert begins_of(monkeypatch, [0.0, None], duration=0) == pytest.approx([0.0, 0.04])


def test_a_film_without_any_stamp_that_moves_goes_on(monkeypatch):
    begins = begins_of(monkeypatch, [0.0] * 100)
    assert begins == pytest.approx(np.arange(100) * 0.04)


def test_a_recording_with_a_hole_in_its_pictures(tmp_path):
    write_film(
        tmp_path / "a.mkv",
        seconds=3,
        codecs=("mpeg4", None),
        picture_stamp=lambda time: None if 1 <= time < 2 else time,
    )
    numbers = frame_numbers(read_video(tmp_path / "a.mkv", gray=True))
    assert numbers == [*range(25), *[24] * 25, *range(50, 75)]


def test_pairs_of_equal_stamps(tmp_path):
    write_film(
        tmp_path / "a.mkv",
        seconds=2,
        codecs=("mpeg4", None),
        picture_stamp=lambda time: round(time * 25) // 2 * 0.08,
    )
    assert frame_numbers(read_video(tmp_path / "a.mkv", gray=True)) == list(range(50))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize("last", [25, 26, 27, 28])
def test_a_pause_in_a_film_with_b_frames(tmp_path, name, last):
    # In mp4 the picture decoded before the pause, whichever it is, lasts for all of it.
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.codec_context.max_b_frames = 2
        for number, picture in enumerate(numbered_frames(75)):
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            frame.pts, frame.time_base = number + 50 * (number > last), Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    numbers = frame_numbers(read_video(tmp_path / name, gray=True))
    assert numbers == [*range(last + 1), *[last] * 50, *range(last + 1, 75)]
