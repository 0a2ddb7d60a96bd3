"""Random parts of films: areas and shapes that are allowed, one for all frames, mirrored whole."""

import numpy as np
import pytest

from espnet_av.data.readers.film_augment import FilmPart, cut_and_resize, middle_square, random_part


@pytest.mark.parametrize(("height", "width"), [(224, 224), (224, 398), (400, 224)])
def test_parts_have_the_areas_and_shapes_asked_for(height, width):
    generator = np.random.default_rng(0)
    boxes = [random_part(height, width, (0.5, 1.0), (0.75, 4 / 3), generator) for _ in range(300)]
    shares = np.array([box.height * box.width / (height * width) for box in boxes])
    shapes = np.array([box.width / box.height for box in boxes])
    assert 0.49 < shares.min() < 0.55 and shares.max() <= 1.01
    assert shapes.min() > 0.73 and shapes.max() < 1.36
    for box in boxes:
        assert min(box.top, box.left) >= 0
        assert box.top + box.height <= height and box.left + box.width <= width
    assert len({box.left for box in boxes}) > 20 and len({box.top for box in boxes}) > 20


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (10, 1000, FilmPart(0, 493, 10, 13)),
        (1000, 12, FilmPart(492, 0, 16, 12)),
        (1, 1, FilmPart(0, 0, 1, 1)),
    ],
)
def test_where_no_shape_fits_it_is_the_largest_in_the_middle(height, width, expected):
    generator = np.random.default_rng(1)
    assert random_part(height, width, (1.0, 1.0), (0.75, 4 / 3), generator) == expected


def test_middle_square():
    assert middle_square(6, 11) == FilmPart(0, 2, 6, 6)
    assert middle_square(11, 6) == FilmPart(2, 0, 6, 6)
    picture = np.zeros((20, 60, 3), np.uint8)
    picture[:, 20:40] = 255
    for size in (20, 7, 32):
        found = cut_and_resize([picture, picture], middle_square(20, 60), size, False)
        assert found.shape == (2, size, size, 3) and (found == 255).all()


def test_one_part_for_all_frames_and_mirroring_keeps_colours():
    pictures = list(np.random.default_rng(0).integers(0, 255, (2, 8, 10, 3), dtype=np.uint8))
    box = FilmPart(1, 2, 6, 6)
    plain = cut_and_resize([*pictures, pictures[0]], box, 6, False)
    for frame, picture in zip(plain, [*pictures, pictures[0]], strict=True):
        assert np.array_equal(frame, picture[1:7, 2:8])
    mirrored = cut_and_resize([*pictures, pictures[0]], box, 6, True)
    assert np.array_equal(mirrored[:, :, ::-1], plain) and mirrored.flags.c_contiguous
    assert cut_and_resize(pictures, box, 4, False).shape == (2, 4, 4, 3)
