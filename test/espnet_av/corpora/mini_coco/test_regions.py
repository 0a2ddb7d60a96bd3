"""Regions: found in pixels, 36 always, with features that tell things apart."""

from itertools import islice

import numpy as np
import pytest

from espnet_av.corpora.mini_coco.picture import render
from espnet_av.corpora.mini_coco.regions import NUM_REGIONS, find_regions, region_features
from espnet_av.corpora.mini_coco.scene import Thing, draw_scenes


def test_every_thing_has_a_region_and_the_rest_is_background():
    rng = np.random.default_rng(2)
    for scene in islice(draw_scenes(rng), 25):
        boxes = find_regions(render(scene, 160, rng))
        assert boxes.shape == (NUM_REGIONS, 4)
        assert (boxes >= 0).all()
        assert (boxes <= 1).all()
        assert (boxes[:, :2] < boxes[:, 2:]).all()
        middles = (boxes[: len(scene), :2] + boxes[: len(scene), 2:]) / 2
        columns, rows = (middles * 3).astype(int).T
        assert sorted(rows * 3 + columns) == [thing.place for thing in scene]
        # The whole picture is the first of those that are always there.
        assert boxes[len(scene)].tolist() == [0, 0, 1, 1]


def test_big_things_come_first():
    scene = (Thing(0, 0, 0, 1), Thing(8, 0, 0, 0))
    boxes = find_regions(render(scene, 160, np.random.default_rng(0)))
    assert boxes[0, 0] > 0.5 > boxes[1, 0]


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_has_only_background(level):
    boxes = find_regions(np.full((48, 64, 3), level, np.uint8))
    assert boxes.shape == (NUM_REGIONS, 4)
    assert boxes[0].tolist() == [0, 0, 1, 1]


def test_features_tell_shape_and_colour_apart():
    """A linear classifier of them knows both on pictures that it has not seen."""
    kinds = np.array([(shape, colour) for shape in range(8) for colour in range(8)])

    def features(rng):
        for shape, colour in kinds:
            picture = render((Thing(4, shape, colour, 0),), 64, rng)
            yield region_features(picture, find_regions(picture)[:1], 256)[0]

    seen, unseen = (np.array(list(features(np.random.default_rng(seed)))) for seed in (0, 1))
    scale, middle = seen.std(0), seen.mean(0)
    seen, unseen = (np.c_[(found - middle) / scale, np.ones(64)] for found in (seen, unseen))
    for column in (0, 1):
        wanted = np.eye(8)[kinds[:, column]]
        weights = np.linalg.solve(seen.T @ seen + np.eye(257), seen.T @ wanted)
        right = (unseen @ weights).argmax(1) == kinds[:, column]
        assert right.mean() > 0.7, "chance is 0.125"


def test_features_of_a_region_do_not_depend_on_the_others():
    rng = np.random.default_rng(2)
    picture = render(next(draw_scenes(rng)), 160, rng)
    boxes = find_regions(picture)
    whole = region_features(picture, boxes, 64)
    assert whole.shape == (NUM_REGIONS, 64)
    np.testing.assert_allclose(
        region_features(picture, boxes[3:5], 64), whole[3:5], rtol=1e-4, atol=1e-5
    )
