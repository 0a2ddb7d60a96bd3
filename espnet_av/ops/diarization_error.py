"""Diarization error rate: who spoke when, against who is said to have spoken when.

The definition is NIST's (md-eval): of every moment, the talkers of the reference that are missed,
those that are falsely heard, and those that are taken for another; divided by the time that the
talkers of the reference speak, where two at once count twice. Talkers are matched one to one so
that the time they agree in is the longest. Turns of one talker that overlap are one turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np


class Turn(NamedTuple):
    """One talker speaks, in seconds."""

    start: float
    end: float
    talker: str


class DiarizationErrors(NamedTuple):
    """Seconds of each kind of error; the sum over recordings is that of all."""

    missed: float
    false_alarm: float
    confusion: float
    total: float
    """Time that the talkers of the reference speak; the rate is of this."""

    @property
    def errors(self) -> float:
        """Missed, false alarm and confusion."""
        return self.missed + self.false_alarm + self.confusion

    def plus(self, other: DiarizationErrors) -> DiarizationErrors:
        """Of two recordings together."""
        return DiarizationErrors(*(a + b for a, b in zip(self, other, strict=True)))


def diarization_errors(
    reference: Iterable[Turn],
    hypothesis: Iterable[Turn],
    *,
    collar_sec: float = 0.0,
    overlap: bool = True,
) -> DiarizationErrors:
    """Compare the turns of one recording.

    Args:
        reference: turns of the talkers, as a person marked them.
        hypothesis: turns as predicted; its talkers have names of their own.
        collar_sec: not scored on EACH side of every beginning and end of a reference turn, as
            md-eval and dscore mean it: 0.25 here is pyannote's `collar=0.5`, its whole width.
        overlap: whether moments with several talkers in the reference are scored.

    Returns:
        seconds; whatever the hypothesis says outside of the reference's turns is scored too.

    Raises:
        ValueError: a turn ends before it begins, or the collar is negative.
    """
    if collar_sec < 0:
        msg = f"collar_sec is {collar_sec}; it is a time, 0 or more"
        raise ValueError(msg)
    refs, hyps = _merged(reference), _merged(hypothesis)
    cuts = [time for turns in (refs, hyps) for pairs in turns.values() for time in _flat(pairs)]
    edges = sorted({time for pairs in refs.values() for time in _flat(pairs)})
    cuts += [edge + side * collar_sec for edge in edges for side in (-1, 1)]
    times = np.unique(np.array(cuts, dtype=float))
    middles, lengths = (times[1:] + times[:-1]) / 2, np.diff(times)
    ref, hyp = _speaking(refs, middles), _speaking(hyps, middles)
    # Talkers are matched by all that they say, as md-eval does, whatever of it is scored.
    # (R, I) x (I,) x (I, H) -> (R, H): seconds in which two talkers speak together.
    rows, columns = best_matching((ref * lengths) @ hyp.T)
    if collar_sec and edges:
        near = np.abs(middles[:, None] - np.array(edges)[None]).min(axis=1) < collar_sec
        lengths = np.where(near, 0.0, lengths)
    if not overlap:
        lengths = np.where(ref.sum(axis=0) > 1, 0.0, lengths)
    num_ref, num_hyp = ref.sum(axis=0), hyp.sum(axis=0)
    right = sum((ref[r] & hyp[c]).astype(int) for r, c in zip(rows, columns, strict=True))
    return DiarizationErrors(
        missed=float(lengths @ np.maximum(num_ref - num_hyp, 0)),
        false_alarm=float(lengths @ np.maximum(num_hyp - num_ref, 0)),
        confusion=float(lengths @ (np.minimum(num_ref, num_hyp) - right)),
        total=float(lengths @ num_ref),
    )


def jaccard_errors(reference: Iterable[Turn], hypothesis: Iterable[Turn]) -> list[float]:
    """For each talker of a reference, 1 - (time in common / time of either), as dscore has it.

    The Jaccard error rate is the mean over the talkers of all recordings. Talkers are matched so
    that it is smallest; a talker without a match has 1.
    """
    refs, hyps = _merged(reference), _merged(hypothesis)
    turns = [*refs.values(), *hyps.values()]
    times = np.unique([time for pairs in turns for time in _flat(pairs)])
    middles, lengths = (times[1:] + times[:-1]) / 2, np.diff(times)
    ref, hyp = _speaking(refs, middles), _speaking(hyps, middles)
    common = (ref * lengths) @ hyp.T
    either = (ref @ lengths)[:, None] + (hyp @ lengths)[None] - common
    shares = common / np.maximum(either, 1e-12)
    errors = np.ones(len(refs))
    rows, columns = best_matching(shares)
    errors[rows] -= shares[rows, columns]
    return [float(error) for error in errors]


def best_matching(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns, each at most once, whose weights (R, H) have the largest sum."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(weights, maximize=True)
    return rows, columns


def _merged(turns: Iterable[Turn]) -> dict[str, list[tuple[float, float]]]:
    """Talker -> turns in order, those that touch or overlap as one."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for start, end, talker in sorted(turns):
        if end < start:
            msg = f"talker {talker}: a turn from {start} to {end} ends before it begins"
            raise ValueError(msg)
        pairs = found[talker]
        if pairs and start <= pairs[-1][1]:
            pairs[-1] = (pairs[-1][0], max(pairs[-1][1], end))
        elif end > start:
            pairs.append((start, end))
    return {talker: pairs for talker, pairs in found.items() if pairs}


def _flat(pairs: Sequence[tuple[float, float]]) -> list[float]:
    return [time for pair in pairs for time in pair]


def _speaking(turns: dict[str, list[tuple[float, float]]], middles: np.ndarray) -> np.ndarray:
    """(talkers, moments) bool: who speaks then."""
    rows = np.zeros((len(turns), len(middles)), dtype=bool)
    for row, pairs in zip(rows, turns.values(), strict=True):
        for start, end in pairs:
            row |= (middles > start) & (middles < end)
    return rows
