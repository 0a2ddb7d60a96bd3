"""How a mouth moves: timed phones to a smooth path of mouth shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from espnet_av.config import Seconds
from espnet_av.rates import FRAME_HZ
from espnet_av.synthesis.visemes import NUM_SHAPE_PARAMETERS, VISEMES, visemes_of

TimedPhone = tuple[float, float, str]
"""Start and duration in seconds, label."""

_NEUTRAL = np.array(VISEMES["central"][:NUM_SHAPE_PARAMETERS])
_LOWEST = np.array([0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
_PLATEAU = 0.25
"""Half of the middle part of a viseme in which it holds its full weight, as a share of it."""
_LONGEST_CLOSURE_SEC = 0.08
"""Stops open again after this long, so that aspiration does not tell `p` from `b`."""
_CLOSURES = frozenset(("bilabial", "alveolar", "velar"))


@dataclass(frozen=True, kw_only=True)
class Articulation:
    """How clearly the lips move; a lazier speaker is harder to read."""

    gain: float = 1.0
    """Size of the movements; 1 reaches every target, 0 never moves."""
    blending_sec: Seconds = 0.04
    """Time constant with which a viseme fades into its neighbours."""
    jitter: float = 0.0
    """Standard deviation of the error with which each target is reached."""
    blur: float = 0.0
    """Standard deviation of the Gaussian blur of the picture, in pixels."""

    def __post_init__(self) -> None:
        if self.gain < 0 or self.blending_sec <= 0 or self.jitter < 0 or self.blur < 0:
            msg = f"{self}: blending_sec must be positive and the other fields not negative"
            raise ValueError(msg)


def mouth_motion(
    phones: Sequence[TimedPhone],
    num_frames: int,
    articulation: Articulation,
    rng: np.random.Generator,
    fps: float = FRAME_HZ,
) -> np.ndarray:
    """Blend the visemes of `phones` by dominance and sample the result at the middle of frames.

    Each viseme pulls the mouth towards its target with a weight that is full around its middle and
    falls off exponentially; the shape is the weighted mean of the targets.

    Args:
        phones: labelled stretches in seconds; labels that are no phone (`sil`) leave the mouth at
            rest, and phones of one viseme give the same motion.
        num_frames: V.
        articulation: clearness.
        rng: source of the jitter.
        fps: frames per second.

    Returns:
        shapes: (V, 7) float64, in the order of the first 7 fields of `Viseme`.
    """
    centres, halves, targets, weights = _timed_visemes(phones)
    targets = targets + articulation.jitter * rng.standard_normal(targets.shape)
    times = (np.arange(num_frames) + 0.5)[:, None] / fps
    distance = np.maximum(np.abs(times - centres) - halves, 0.0)
    dominance = weights * np.exp(-distance / articulation.blending_sec)
    blended = dominance @ targets / np.maximum(dominance.sum(axis=1, keepdims=True), 1e-12)
    shapes = _NEUTRAL + articulation.gain * (blended - _NEUTRAL)
    return np.clip(shapes, _LOWEST, 1.0)


def _timed_visemes(
    phones: Sequence[TimedPhone],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Centres (N,), half plateaus (N,), targets (N, 7) and dominance (N,) of all visemes."""
    rows = []
    for start, duration, label in phones:
        names = ("rest",) if label == "sil" else visemes_of(label)
        length = duration / len(names)
        for index, name in enumerate(names):
            held = min(length, _LONGEST_CLOSURE_SEC) if name in _CLOSURES else length
            rows.append((start + index * length + held / 2, _PLATEAU * held, VISEMES[name]))
    if not rows:
        rows.append((0.0, 0.0, VISEMES["rest"]))
    shapes = np.array([viseme for _, _, viseme in rows])
    centres, halves = np.array([row[:2] for row in rows]).T
    return centres, halves, shapes[:, :NUM_SHAPE_PARAMETERS], shapes[:, NUM_SHAPE_PARAMETERS]
