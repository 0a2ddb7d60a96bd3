"""Pictures of phones come out as they are shown, whatever way the sensor lay."""

import itertools

import numpy as np
import pytest
from media_samples import textured_frames

from espnet_av.media.video import read_video, write_video
from espnet_av.roi.pictures import Pictures

ONE = 1 << 16
QUARTER_TURNS = [(a, 0, 0, d) for a, d in itertools.product((1, -1), repeat=2)]
QUARTER_TURNS += [(0, b, c, 0) for b, c in itertools.product((1, -1), repeat=2)]


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.mp4"
    write_video(path, textured_frames(3, side=64)[:, :48], 25)
    return path


def with_matrix(path, matrix):
    """Copy of an mp4 whose track header has the display matrix (a, b, c, d)."""
    a, b, c, d = (round(value * ONE) for value in matrix)
    content = bytearray(path.read_bytes())
    # Version 0 of the box: the matrix lies 40 bytes behind its name.
    place = content.index(b"tkhd") + 4 + 40
    values = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4")
    content[place : place + 36] = values.tobytes()
    target = path.with_name("turned.mp4")
    target.write_bytes(content)
    return target


def shown(picture, matrix):
    """Pixel by pixel, by the definition of the matrix."""
    a, b, c, d = matrix
    pixels = {
        (b * x + d * y, a * x + c * y): picture[y, x]
        for y, x in itertools.product(range(picture.shape[0]), range(picture.shape[1]))
    }
    rows, columns = (sorted({place[axis] for place in pixels}) for axis in (0, 1))
    return np.stack([np.stack([pixels[row, column] for column in columns]) for row in rows])


@pytest.mark.parametrize("gray", [True, False])
@pytest.mark.parametrize("matrix", QUARTER_TURNS)
def test_every_quarter_turn_and_mirror(plain, matrix, gray):
    found = read_video(with_matrix(plain, matrix), gray=gray)
    expected = [shown(picture, matrix) for picture in read_video(plain, gray=gray)]
    assert np.array_equal(found, np.stack(expected))


def test_a_phone_held_upright(plain):
    """Its matrix turns clockwise: the left column of the sensor is the top row."""
    found = read_video(with_matrix(plain, (0, 1, -1, 0)), gray=True)
    stored = read_video(plain, gray=True)
    assert found.shape == (3, 64, 48)
    assert np.array_equal(found, np.rot90(stored, -1, axes=(1, 2)))


def test_slightly_tilted_is_the_nearest_quarter_turn(plain):
    found = read_video(with_matrix(plain, (0.1, 0.99, -0.99, 0.1)))
    assert np.array_equal(found, read_video(with_matrix(plain, (0, 1, -1, 0))))


def test_pictures_of_a_clip_are_turned_too(plain):
    turned = with_matrix(plain, (0, 1, -1, 0))
    assert np.array_equal(list(Pictures(turned, gray=True)), read_video(turned, gray=True))
