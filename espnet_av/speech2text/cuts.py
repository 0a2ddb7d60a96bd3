"""Where a long file may be cut: in pauses, as few cuts as the longest stretch allows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from espnet_av.media.speech_activity import RATE_HZ, find_speech
from espnet_av.rates import FRAME_HZ

_PER_FRAME = RATE_HZ // FRAME_HZ
_SAFE_SEC = 0.3
"""A cut so far from any speech is as good as one farther away."""
_PAUSE_COST, _SPEECH_COST = 0.3, 1.0
"""Of a cut at the edge of a pause, and of one in the faintest speech; loud speech costs twice."""
_DOUBT_COST, _NEAR_SEC = 0.3, 0.12
"""Of a cut in a pause with so much sound so near that it may be speech which noise hides."""
_STRETCH_COST = 0.25
"""Of each cut: a stretch of several sentences tells the model more than one does."""
_SHORT, _SHORT_COST = 0.25, 0.5
"""A stretch under this share of the longest one costs up to so much more."""
_LOUD = 4.0
"""Loudness of loud speech; 1 is that of speech which goes on."""


class Cut(NamedTuple):
    """A place between two stretches."""

    frame: int
    """Border at 25 Hz: before this frame."""
    is_in_speech: bool
    """No pause was near enough; False too where there is no sound to tell."""


def plan_cuts(
    num_frames: int, max_frames: int, speech: np.ndarray | None, margin: int = 0
) -> list[Cut]:
    """Choose the cheapest cuts that leave no stretch longer than `max_frames`.

    A cut in the middle of a long pause is cheapest, one in loud speech dearest. All cuts are
    weighed together, so that one is not bought with a bad one later.

    Args:
        num_frames: N, length of the file at 25 Hz.
        max_frames: longest stretch, margins included.
        speech: (S,) float at 16 kHz; None = cuts at equal distances.
        margin: frames that both sides hear beyond a cut in speech.

    Returns:
        cuts in order; none if the file is short enough.
    """
    if num_frames <= max_frames:
        return []
    if speech is None:
        return _even_cuts(num_frames, max_frames)
    cost = _cut_costs(speech, num_frames)
    margins = np.where(cost >= _SPEECH_COST, margin, 0)
    margins[[0, -1]] = 0
    best, origin = np.full(num_frames + 1, np.inf), np.zeros(num_frames + 1, np.int64)
    best[0] = 0.0
    for border in range(1, num_frames + 1):
        first = max(0, border - max_frames + int(margins[border]))
        sizes = border - np.arange(first, border)
        totals = best[first:border] + _SHORT_COST * np.maximum(
            0.0, 1 - sizes / (_SHORT * max_frames)
        )
        totals[sizes + margins[first:border] > max_frames - margins[border]] = np.inf
        chosen = int(totals.argmin())
        best[border] = totals[chosen] + cost[border] + _STRETCH_COST
        origin[border] = first + chosen
    cuts = []
    border = int(origin[num_frames])
    while border > 0:
        cuts.append(Cut(border, bool(cost[border] >= _SPEECH_COST)))
        border = int(origin[border])
    return cuts[::-1]


def _even_cuts(num_frames: int, max_frames: int) -> list[Cut]:
    """Cuts at equal distances; whether somebody speaks there is not known."""
    borders, count = [0], -(-num_frames // max_frames)
    for num_left in range(count, 1, -1):
        borders.append(borders[-1] + -(-(num_frames - borders[-1]) // num_left))
    return [Cut(border, False) for border in borders[1:]]


def _cut_costs(speech: np.ndarray, num_frames: int) -> np.ndarray:
    """(N + 1,) cost of a cut before each frame, and 0 at both ends."""
    activity = find_speech(speech)
    places = np.arange(num_frames + 1) * _PER_FRAME
    # The picture may go on after the sound has ended.
    length = max(len(activity.loudness), int(places[-1]) + 1)
    missing = (0, length - len(activity.loudness))
    loudness, is_speech = np.pad(activity.loudness, missing), np.pad(activity.is_speech, missing)
    gap = np.minimum(_distance_to_speech(is_speech), _distance_to_speech(is_speech[::-1])[::-1])
    safe = np.clip(gap[places] / (_SAFE_SEC * RATE_HZ), 0, 1)
    loud = np.clip(loudness[places] / _LOUD, 0, 1)
    doubt = np.clip(_loudest_near(loudness)[places], 0, 1)
    quiet = _PAUSE_COST * (1 - safe) + _DOUBT_COST * doubt
    cost = np.where(is_speech[places], _SPEECH_COST + loud, quiet)
    cost[[0, -1]] = 0.0
    return cost


def _loudest_near(loudness: np.ndarray) -> np.ndarray:
    """(T,) the highest of the values around each."""
    reach = round(_NEAR_SEC * RATE_HZ)
    padded = np.pad(loudness, reach, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)


def _distance_to_speech(is_speech: np.ndarray) -> np.ndarray:
    """(T,) frames since the last one with speech; T where there was none."""
    number = np.arange(len(is_speech))
    last = np.maximum.accumulate(np.where(is_speech, number, -len(is_speech)))
    return np.minimum(number - last, len(is_speech))
