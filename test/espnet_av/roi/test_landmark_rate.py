"""Lists of landmarks made at a film's own rate."""

import pickle
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from espnet_av.errors import MediaError
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import extract_roi
from espnet_av.roi.geometry import MEAN_FACE
from espnet_av.roi.landmark_rate import at_25_hz

CONFIG = RoiConfig(tracker="precomputed", smoothing_window=0)
STEP = 50.0
"""Pixels a second that the mouth goes."""
H, W = 160, 400


def write(path, seconds, fps, ratio=None, stamps=None):
    """A white dot, the mouth, goes to the right; `stamps`: ms of each picture."""
    rate = Fraction(fps).limit_denominator(1001)
    times = [float(k / rate) for k in range(round(seconds * rate))]
    times = times if stamps is None else [stamp / 1000 for stamp in stamps]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "10"})
        stream.height, stream.width, stream.pix_fmt = H, W, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 90000)
        if ratio:
            stream.codec_context.sample_aspect_ratio = ratio
        for time in times:
            picture = np.full((H, W), 60, np.uint8)
            cv2.circle(picture, (round(60 + STEP * time), 100), 6, 250, -1)
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            frame.pts, frame.time_base = round(time * 90000), Fraction(1, 90000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return times


def marks(path, times):
    points = [MEAN_FACE * 0.4 + np.array([60 + STEP * t, 100]) - MEAN_FACE[3] * 0.4 for t in times]
    path.write_bytes(pickle.dumps(points))
    return str(path)


def off_centre(clip):
    """Pixels of the crop between its centre and the mouth, the largest of the clip."""
    x = [np.nonzero(frame > 160)[1].mean() for frame in clip]
    return max(abs(value - 47.5) for value in x)


@pytest.mark.parametrize("fps", [30, Fraction(30000, 1001), 50, Fraction(60000, 1001), 24, 12.5])
@pytest.mark.parametrize("surplus", [0, 2, -2])
def test_one_entry_a_picture_is_read_at_25_hz(tmp_path, fps, surplus):
    times = write(tmp_path / "a.mp4", 6, fps)
    times = times[:surplus] if surplus < 0 else [*times, *times[-1:] * surplus]
    clip = extract_roi(tmp_path / "a.mp4", CONFIG, landmarks=marks(tmp_path / "p", times))
    assert abs(len(clip.frames) - 150) <= 1
    # A quarter of a second of the crop's pixels would be 37; of half a picture's time, 1.5 at most.
    assert off_centre(clip.frames[:-6]) < 5 if fps == 12.5 else off_centre(clip.frames[:-3]) < 2.5
    assert clip.note == f"landmarks at the film's {float(fps):.3f} a second were read at 25"


@pytest.mark.parametrize("fps", [30, 24, 25])
@pytest.mark.parametrize("surplus", [0, 1, -2])
def test_25_a_second_stay_as_they_are(tmp_path, fps, surplus):
    write(tmp_path / "a.mp4", 4, fps)
    times = np.arange(100 + surplus) / 25
    clip = extract_roi(tmp_path / "a.mp4", CONFIG, landmarks=marks(tmp_path / "p", times))
    assert off_centre(clip.frames[:-3]) < 5
    assert clip.note == ""


def test_segments_of_a_film_of_30_pictures_a_second(tmp_path):
    times = write(tmp_path / "a.mp4", 6, 30)
    landmarks = marks(tmp_path / "p", times)
    whole = extract_roi(tmp_path / "a.mp4", CONFIG, landmarks=landmarks)
    for start, end in ((1.0, 2.0), (3.0, 5.2), (5.0, None)):
        part = extract_roi(tmp_path / "a.mp4", CONFIG, start, end, landmarks)
        first = round(start * 25)
        assert np.array_equal(part.frames, whole.frames[first : first + len(part.frames)])
        assert "30.000 a second" in part.note
    assert off_centre(whole.frames) < 2.5


def test_a_film_without_a_constant_rate(tmp_path):
    gaps = np.random.default_rng(0).choice([20, 33, 50, 90], 80)
    times = write(tmp_path / "a.mkv", 0, 25, stamps=[0, *np.cumsum(gaps).tolist()])
    clip = extract_roi(tmp_path / "a.mkv", CONFIG, landmarks=marks(tmp_path / "p", times))
    assert off_centre(clip.frames[:-3]) < 3 and clip.note


@pytest.mark.parametrize("count", [60, 72, 78, 84, 87, 93, 150])
def test_any_other_number_is_refused_with_both_rates(tmp_path, count):
    write(tmp_path / "a.mp4", 3, 30)
    landmarks = marks(tmp_path / "p", [0.0] * count)
    message = rf"p: {count} entries.*90 pictures at 30.000 a second.*75 at 25 a second"
    with pytest.raises(MediaError, match=message):
        extract_roi(tmp_path / "a.mp4", CONFIG, landmarks=landmarks)
    with pytest.raises(MediaError, match=message):
        extract_roi(tmp_path / "a.mp4", CONFIG, 0.5, 1.0, landmarks)


def test_short_clips_take_the_nearer_count(tmp_path):
    write(tmp_path / "a.mp4", 0.4, 30)
    points = [np.full((4, 2), float(k)) for k in range(12)]
    found, note = at_25_hz(points, tmp_path / "a.mp4", "p")
    assert note and [int(item[0, 0]) for item in found] == [0, 1, 2, 4, 5, 6, 7, 8, 10, 11]
    assert at_25_hz(points[:10], tmp_path / "a.mp4", "p") == (points[:10], "")


def test_points_in_stored_pixels_follow_the_pixels_shape(tmp_path):
    times = write(tmp_path / "a.mp4", 1, 25, ratio=Fraction(4, 3))
    clip = extract_roi(tmp_path / "a.mp4", CONFIG, landmarks=marks(tmp_path / "p", times))
    assert off_centre(clip.frames) < 2.5
