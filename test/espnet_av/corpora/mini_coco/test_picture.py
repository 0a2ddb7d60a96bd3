"""Pictures of scenes."""

import hashlib

import numpy as np
import pytest

from espnet_av.corpora.mini_coco.language import COLOURS, SHAPES
from espnet_av.corpora.mini_coco.picture import render
from espnet_av.corpora.mini_coco.scene import Thing


def shown(shape, colour, size=0, place=4):
    return render((Thing(place, shape, colour, size),), 96, np.random.default_rng(0)).astype(int)


@pytest.mark.parametrize("shape", range(len(SHAPES)), ids=SHAPES)
def test_a_thing_is_where_it_should_be_and_nowhere_else(shape):
    for place in range(9):
        red = shown(shape, COLOURS.index("red"), place=place)
        is_red = (red[..., 0] - red[..., 1] > 70) & (red[..., 0] - red[..., 2] > 70)
        rows, columns = np.nonzero(is_red)
        assert (rows.min() // 32, rows.max() // 32) == (place // 3, place // 3)
        assert (columns.min() // 32, columns.max() // 32) == (place % 3, place % 3)


def test_shapes_colours_and_sizes_differ():
    pictures = {
        (shape, colour, size): shown(shape, colour, size)
        for shape in range(len(SHAPES))
        for colour in range(len(COLOURS))
        for size in range(2)
    }
    names = list(pictures)
    assert all(
        np.abs(pictures[a] - pictures[b]).sum() > 4000
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    )
    areas = [
        (np.abs(shown(0, 4, size) - shown(0, 4, size)[0, 0]).max(2) > 60).sum() for size in (0, 1)
    ]
    assert areas[0] > 2 * areas[1] > 60


def test_pictures_are_pinned():
    scene = (Thing(0, 6, 2, 0), Thing(3, 7, 5, 1), Thing(8, 4, 7, 0))
    picture = render(scene, 96, np.random.default_rng(1))
    # Rounded coarsely: resizing may differ in the last bit between machines.
    coarse = (picture.astype(int) // 32).astype(np.uint8)
    assert hashlib.sha256(coarse.tobytes()).hexdigest()[:16] == "751be1e1e2baf0fb"
