"""Pictures of any rate and pixel format come out at 25 frames/s, grey or RGB."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from media_samples import frame_numbers, numbered_frames, textured_frames

from espnet_av.errors import MediaError
from espnet_av.media.video import iter_frames, read_video, write_video


def encode(path, frames, codec, pixel_format, rate=25):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixel_format
        layout = "rgb24" if frames.ndim == 4 else "gray"
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(picture, format=layout)
            container.mux(stream.encode(frame.reformat(format=pixel_format)))
        container.mux(stream.encode(None))


def nearest(num_frames, source_fps, fps=25):
    """Source frame for each output time, by exact arithmetic."""
    total = round(Fraction(num_frames) / source_fps * fps)
    times = [Fraction(i) / source_fps for i in range(num_frames)]
    return [
        min(range(num_frames), key=lambda i: (abs(times[i] - Fraction(k, fps)), i))
        for k in range(total)
    ]


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30), Fraction(50), Fraction(15)])
def test_any_rate_becomes_25_by_the_nearest_frame(tmp_path, fps):
    encode(tmp_path / "a.mp4", numbered_frames(45), "mpeg4", "yuv420p", fps)
    frames = read_video(tmp_path / "a.mp4", gray=True)
    assert frame_numbers(frames) == nearest(45, fps)


def test_ntsc_rate_in_matroska_with_its_rounded_times(tmp_path):
    fps = Fraction(30000, 1001)
    encode(tmp_path / "a.mkv", numbered_frames(60), "mpeg4", "yuv420p", fps)
    assert frame_numbers(read_video(tmp_path / "a.mkv", gray=True)) == nearest(60, fps)


def test_25_frames_per_second_in_matroska_stay_as_they_are(tmp_path):
    encode(tmp_path / "a.mkv", numbered_frames(60), "mpeg4", "yuv420p")
    assert frame_numbers(read_video(tmp_path / "a.mkv", gray=True)) == list(range(60))


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [("a.mp4", "mpeg4", "yuv420p"), ("a.avi", "mjpeg", "yuvj420p"), ("a.avi", "mjpeg", "yuvj422p")],
)
def test_luma_path_agrees_with_rgb_to_grey(tmp_path, name, codec, pixel_format):
    # Colours of little saturation: where RGB clips, luma rightly differs.
    frames = (textured_frames(4) // 4 + 90).astype(np.uint8)
    encode(tmp_path / name, frames, codec, pixel_format)
    gray = read_video(tmp_path / name, gray=True).astype(int)
    rgb = read_video(tmp_path / name)
    reference = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in rgb]).astype(int)
    assert np.abs(gray - reference).mean() < 2.5
    assert np.abs(gray - reference).max() <= 6


def test_limited_range_is_expanded_to_black_and_white(tmp_path):
    frames = np.zeros((3, 64, 64), np.uint8)
    frames[:, :, 32:] = 255
    encode(tmp_path / "a.mp4", frames, "mpeg4", "yuv420p")
    gray = read_video(tmp_path / "a.mp4", gray=True)
    assert gray[:, :, :24].max() <= 3
    assert gray[:, :, 40:].min() >= 252


def test_pixel_format_without_a_luma_plane(tmp_path):
    frames = textured_frames(3)
    encode(tmp_path / "a.mkv", frames, "ffv1", "bgr0")
    assert np.array_equal(read_video(tmp_path / "a.mkv"), frames)
    expected = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])
    assert np.array_equal(read_video(tmp_path / "a.mkv", gray=True), expected)


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.4), (0.6, 1.2), (2.2, 2.8), (2.6, None)])
def test_a_segment_is_the_slice_of_the_whole(tmp_path, start, end):
    write_video(tmp_path / "a.mp4", numbered_frames(75), 25)
    numbers = frame_numbers(read_video(tmp_path / "a.mp4", start=start, end=end, gray=True))
    assert numbers == list(range(75))[round(start * 25) : None if end is None else round(end * 25)]


def test_frames_one_by_one_are_the_clip(tmp_path):
    write_video(tmp_path / "a.mp4", textured_frames(5), 25)
    assert np.array_equal(list(iter_frames(tmp_path / "a.mp4")), read_video(tmp_path / "a.mp4"))


def test_written_pictures_come_back_nearly_the_same(tmp_path):
    frames = textured_frames(10)
    write_video(tmp_path / "a.mp4", frames, 25)
    assert np.abs(read_video(tmp_path / "a.mp4").astype(int) - frames).mean() < 6
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_writing_twice_gives_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, textured_frames(5), 25, np.zeros(3200))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_odd_size_cannot_be_written(tmp_path):
    with pytest.raises(MediaError, match=r"a\.mp4.*\(2, 63, 64\).*even"):
        write_video(tmp_path / "a.mp4", np.zeros((2, 63, 64), np.uint8), 25)


def test_segment_beyond_the_end_is_an_error(tmp_path):
    write_video(tmp_path / "a.mp4", numbered_frames(10), 25)
    with pytest.raises(MediaError, match=r"no picture between 5 s"):
        read_video(tmp_path / "a.mp4", start=5)


def test_grid_as_published_and_as_mp4(grid_root):
    published = grid_root / "as_published" / "s1" / "bbaf2n.mpg"
    whole = read_video(published, gray=True)
    assert whole.shape == (75, 288, 360)
    mp4 = read_video(grid_root / "s1" / "bbaf2n.mp4", gray=True)
    assert np.abs(whole.astype(int) - mp4).mean() < 4
    # MPEG program streams have no index to jump by.
    assert np.array_equal(read_video(published, start=2.2, end=2.8, gray=True), whole[55:70])
