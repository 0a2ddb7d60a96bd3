"""One channel of sound from several."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np

logger = logging.getLogger(__name__)

_CENTRE = {"FC": 1.0}
_FRONT = dict.fromkeys(("FL", "FR", "FLC", "FRC"), 0.5**0.5)
_WITHOUT_SPEECH = dict.fromkeys(("LFE", "LFE2"), 0.0)
_WEIGHTS = {**_CENTRE, **_FRONT, **_WITHOUT_SPEECH}
_SURROUND = 0.5
"""Weights before they are scaled to a sum of one: those of FFmpeg's own way to mono."""
_UNPLACED = frozenset(("NONE", "UNK", "UNSD"))
"""Names of channels of which the file does not say where they are, as of a set of microphones."""
_CANCELLED = 0.4
"""Channels never lose so much of the loudest one's power unless they are of opposite phase: a
channel that stands alone keeps 1, two with nothing in common keep 2."""


def channel_weights(names: tuple[str, ...]) -> np.ndarray:
    """Share of each channel in the sum, by its place in the room.

    Dialogue of films is in the centre, so it counts most; low-frequency effects count nothing.

    Args:
        names: C names of FFmpeg (`FL`, `FC`, ...); `NONE` where the file does not tell.

    Returns:
        (C,) float64, sum 1; all equal for one or two channels and where the places are unknown.
    """
    weights = np.array([_WEIGHTS.get(name, _SURROUND) for name in names])
    if _UNPLACED.intersection(names) or not weights.any():
        weights = np.ones(len(names))
    return weights / weights.sum()


def mix_down(channels: np.ndarray, names: tuple[str, ...], path: str | Path) -> np.ndarray:
    """Add the channels up, each with its weight.

    Channels of opposite phase (a wrongly wired cable, one of two balanced wires a channel) would
    leave silence: then the loudest channel alone is taken, and the log says so.

    Args:
        channels: (C, S) float32.
        names: of the channels, as for `channel_weights`.
        path: the file, for the log.

    Returns:
        (S,) float32.
    """
    if len(channels) == 1:
        # A sum of one has no negative zero.
        return np.add(channels[0], 0, dtype=np.float32)
    weights = channel_weights(names)
    if (weights == weights[0]).all():
        wave: np.ndarray = channels.mean(axis=0, dtype=np.float32)
    else:
        wave = weights.astype(np.float32) @ channels
    powers = weights**2 * [float(channel @ channel) for channel in channels]
    loudest = int(powers.argmax())
    if float(wave @ wave) >= _CANCELLED * powers[loudest]:
        return wave
    _tell(str(path), loudest + 1, len(channels))
    return np.ascontiguousarray(channels[loudest])


@lru_cache(maxsize=1024)
def _tell(path: str, channel: int, num_channels: int) -> None:
    """Once for the many segments of a file."""
    logger.warning(
        "%s: its channels are of opposite phase and cancel each other; channel %d of %d alone is "
        "taken",
        path,
        channel,
        num_channels,
    )
