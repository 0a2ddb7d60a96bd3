"""Scenes: a few things on a picture, each with a shape, a colour, a size and a place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from espnet_av.corpora.mini_coco.language import COLOURS, NUM_PLACES, SHAPES, SIZES

MIN_THINGS, MAX_THINGS = 2, 6


class Thing(NamedTuple):
    """What is seen at one place; numbers are places in the tuples of `language`."""

    place: int
    shape: int
    colour: int
    size: int


Scene = tuple[Thing, ...]
"""2 to 6 things by place, each at one of its own."""


def draw_scenes(rng: np.random.Generator) -> Iterator[Scene]:
    """Yield scenes, each of them once."""
    seen: set[Scene] = set()
    while True:
        scene = _draw(rng)
        if scene not in seen:
            seen.add(scene)
            yield scene


def _draw(rng: np.random.Generator) -> Scene:
    count = int(rng.integers(MIN_THINGS, MAX_THINGS + 1))
    places = sorted(rng.choice(NUM_PLACES, count, replace=False).tolist())
    kinds = rng.integers((len(SHAPES), len(COLOURS), len(SIZES)), size=(count, 3)).tolist()
    return tuple(Thing(place, *kind) for place, kind in zip(places, kinds, strict=True))
