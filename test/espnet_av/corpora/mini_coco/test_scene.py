"""Scenes that are drawn."""

from itertools import islice

import numpy as np

from espnet_av.corpora.mini_coco.scene import draw_scenes


def test_scenes_have_two_to_six_things_each_at_its_own_place():
    scenes = list(islice(draw_scenes(np.random.default_rng(3)), 400))
    assert {len(scene) for scene in scenes} == {2, 3, 4, 5, 6}
    for scene in scenes:
        places = [thing.place for thing in scene]
        assert places == sorted(set(places))
    assert len(set(scenes)) == 400
    things = [thing for scene in scenes for thing in scene]
    assert {t.shape for t in things} == set(range(8)) == {t.colour for t in things}


def test_no_scene_comes_twice(monkeypatch):
    repeating = iter([1, 1, 2, 2, 3])
    monkeypatch.setattr("espnet_av.corpora.mini_coco.scene._draw", lambda rng: next(repeating))
    assert list(islice(draw_scenes(np.random.default_rng(0)), 3)) == [1, 2, 3]
