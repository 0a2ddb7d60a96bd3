"""Films whose pixels are not square."""

from fractions import Fraction

import av
import numpy as np
import pytest

from espnet_av.media.pixel_shape import with_shape_of, with_square_pixels
from espnet_av.media.video import read_video

H, W = 96, 128


def disc(width_of_pixel: float) -> np.ndarray:
    """(H, W) uint8: what looks like a disc of radius 30 with pixels of this shape."""
    x = (np.arange(W) - (W - 1) / 2) * max(width_of_pixel, 1)
    y = (np.arange(H)[:, None] - (H - 1) / 2) / min(width_of_pixel, 1)
    return np.where(np.hypot(x, y) < 30, 220, 30).astype(np.uint8)


def write(path, ratio, codec="libx264", rotation=0, **options):
    picture = disc(float(ratio) if ratio else 1.0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = H, W, "yuv420p"
        if ratio:
            stream.codec_context.sample_aspect_ratio = ratio
        if rotation:
            stream.set_display_rotation(rotation)
        stream.codec_context.max_b_frames = 0
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode(None))
    return path


def extent(picture):
    """Width and height of the disc."""
    return tuple(int(np.ptp(np.nonzero(picture > 125)[axis])) + 1 for axis in (1, 0))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts", "avi"])
@pytest.mark.parametrize(
    "ratio", [Fraction(64, 45), Fraction(4, 3), Fraction(8, 9), Fraction(1, 2)]
)
@pytest.mark.parametrize("gray", [True, False])
def test_a_disc_is_round(tmp_path, suffix, ratio, gray):
    frames = read_video(write(tmp_path / f"a.{suffix}", ratio), gray=gray)
    shape = (round(H / min(ratio, 1)), round(W * max(ratio, 1)))
    assert frames.shape[1:] == shape + (() if gray else (3,))
    assert extent(frames[2]) == pytest.approx((60, 60), abs=2)


def test_mpeg_of_broadcast(tmp_path):
    # 4:3 on 128 x 96 pixels that would be square; as 16:9, as its header says.
    write(tmp_path / "a.mpg", Fraction(4, 3), "mpeg2video")
    assert read_video(tmp_path / "a.mpg", gray=True).shape[1:] == pytest.approx((H, 171), abs=1)


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_pixels_are_stretched_as_they_are_stored_and_then_turned(tmp_path, rotation):
    frames = read_video(write(tmp_path / "a.mp4", Fraction(4, 3), rotation=rotation), gray=True)
    shape = (H, 171) if rotation == 180 else (171, H)
    assert frames.shape[1:] == shape
    assert extent(frames[2]) == pytest.approx((60, 60), abs=2)


@pytest.mark.parametrize(
    "ratio", [None, Fraction(1), Fraction(1280, 1279), Fraction(100, 1), Fraction(1, 50)]
)
def test_square_unknown_and_absurd_ones_stay_as_they_are(tmp_path, ratio):
    frames = read_video(write(tmp_path / "a.mp4", ratio), gray=True)
    assert frames.shape[1:] == (H, W)


def test_square_pixels_are_not_copied():
    picture = disc(1)
    assert with_square_pixels(picture, 1.0) is picture


@pytest.mark.parametrize("size", [(2 * W, 2 * H), (W, 2 * H), (W // 2, H // 2)])
def test_pictures_that_change_their_size_keep_the_first_one(tmp_path, size):
    parts = []
    for number, (width, height) in enumerate([(W, H), size]):
        path = tmp_path / f"{number}.ts"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg2video", rate=25, options={"qscale": "2"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            y, x = np.mgrid[:height, :width]
            away = np.hypot(x - (width - 1) / 2, y - (height - 1) / 2)
            picture = np.where(away < 0.3 * min(width, height), 220, 30).astype(np.uint8)
            for _ in range(30):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
            container.mux(stream.encode(None))
        parts.append(path.read_bytes())
    call = tmp_path / "call.ts"
    call.write_bytes(b"".join(parts))
    for gray in (True, False):
        pictures = read_video(call, gray=gray)
        assert pictures.shape[:3] == (60, H, W)
    last = read_video(call, gray=True)[-1]
    # A circle stays one, in the middle; where a side is left over, it is black.
    wide, high = extent(last)
    assert wide == pytest.approx(high, abs=2)
    expected = 0.6 * min(size) * min(W / size[0], H / size[1])
    assert wide == pytest.approx(expected, abs=3)
    assert extent(read_video(call, gray=True)[2])[0] == pytest.approx(0.6 * min(W, H), abs=3)
    assert np.argwhere(last > 125).mean(axis=0) == pytest.approx(
        [(H - 1) / 2, (W - 1) / 2], abs=1.5
    )


@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 3)])
def test_a_picture_of_another_size_is_shrunk_without_aliases_and_grown_smoothly(shape):
    first = np.zeros(shape, dtype=np.uint8)
    rows = np.arange(80) % 2 * 200
    stripes = np.broadcast_to(rows.reshape(80, *[1] * (len(shape) - 1)), (80, 80, *shape[2:]))
    small = with_shape_of(np.ascontiguousarray(stripes, dtype=np.uint8), first)
    assert small.shape == shape and (small == 100).all()
    step = np.zeros((20, 20, *shape[2:]), dtype=np.uint8)
    step[10:] = 200
    large = with_shape_of(step, first)
    assert sorted({*large.reshape(40, -1)[:, 0].tolist()}) == [0, 50, 150, 200]
    slow = np.zeros((30, 30, *shape[2:]), dtype=np.uint8)
    slow[15:] = 200
    between = {*with_shape_of(slow, first).reshape(40, -1)[:, 0].tolist()} - {0, 200}
    assert between == {25, 175}, "as a line between pixel centres has them"
    same = np.full(shape, 7, dtype=np.uint8)
    assert with_shape_of(same, first) is same


@pytest.mark.parametrize(("height", "width"), [(20, 40), (40, 20), (10, 40)])
def test_a_picture_of_another_shape_stands_in_the_middle(height, width):
    framed = with_shape_of(np.full((height, width), 9, np.uint8), np.zeros((40, 40), np.uint8))
    inside = np.zeros((40, 40), dtype=bool)
    top, left = (40 - height) // 2, (40 - width) // 2
    inside[top : top + height, left : left + width] = True
    assert ((framed == 9) == inside).all()
