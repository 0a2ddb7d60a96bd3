"""A stretch of a long utterance: the same one of its sound, its video and its labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Stretch(NamedTuple):
    """Frames at 25 Hz, the end excluded."""

    start: int
    end: int | None

    def of(self, array: np.ndarray, per_frame: int = 1) -> np.ndarray:
        """The part of `array` (N, ...), which has `per_frame` entries a frame."""
        end = None if self.end is None else self.end * per_frame
        return array[self.start * per_frame : end]


WHOLE = Stretch(0, None)
"""All of an utterance, a last fraction of a frame included."""


def choose_stretch(
    num_frames: int, max_frames: int, generator: np.random.Generator | None
) -> Stretch:
    """`max_frames` of a longer utterance: anywhere, or the middle without a generator.

    All of one that is short enough, or when `max_frames` is 0.
    """
    if not 0 < max_frames < num_frames:
        return WHOLE
    spare = num_frames - max_frames
    start = spare // 2 if generator is None else int(generator.integers(spare + 1))
    return Stretch(start, start + max_frames)
