"""From cells to one figure: means over contexts, then talkers, then pairs of phones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from espnet_av.score.abx.cells import Cells
from espnet_av.score.abx.options import AbxOptions, TalkerOfX
from espnet_av.score.abx.plan import Plan
from espnet_av.score.bootstrap import Resampling


def level_names(speaker: TalkerOfX, options: AbxOptions) -> list[str]:
    """What is averaged over, in order; every mean is unweighted, over what exists."""
    parts = ["context"] if options.context == "within" else []
    parts += ["speaker of X"] if speaker == "across" else []
    first = [" with ".join(parts)] if parts else []
    whose = "speaker of A and B" if speaker == "across" else "speaker"
    return [*first, whose, "ordered pair of phones"]


@dataclass(frozen=True)
class Means:
    """Errors by talker (of A and B) and ordered pair of phones."""

    speaker: np.ndarray
    """(E,) int64; so pair."""
    pair: np.ndarray
    """A times the number of phones, plus B."""
    error: np.ndarray
    """(E,) float64, mean over its cells."""
    phones: list[str]
    speakers: list[str]
    num_cells: int
    num_triplets: int
    weighted: float
    """Mean over all triplets alike."""

    @property
    def error_rate(self) -> float:
        """From 0 to 1."""
        return float(self.by_pair()[1].mean())

    def by_pair(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs, and their errors: means over talkers."""
        pairs, place = np.unique(self.pair, return_inverse=True)
        return pairs, np.bincount(place, self.error) / np.bincount(place)

    def by_speaker(self) -> dict[str, float]:
        """Talker -> mean over pairs."""
        found = np.bincount(self.speaker, self.error, len(self.speakers))
        counts = np.bincount(self.speaker, minlength=len(self.speakers))
        return {
            name: float(total / count)
            for name, total, count in zip(self.speakers, found, counts, strict=True)
            if count
        }

    def pairs(self) -> list[tuple[str, str, float]]:
        """Unordered pairs of phones, most confused first: the mean of both orders."""
        pairs, errors = self.by_pair()
        found: dict[tuple[int, int], list[float]] = {}
        for pair, error in zip(pairs.tolist(), errors.tolist(), strict=True):
            a, b = sorted(divmod(pair, len(self.phones)))
            found.setdefault((a, b), []).append(error)
        rows = [(self.phones[a], self.phones[b], sum(e) / len(e)) for (a, b), e in found.items()]
        return sorted(rows, key=lambda row: (-row[2], row[:2]))

    def interval(self, resampling: Resampling) -> list[float] | None:
        """95 % percentile interval with talkers drawn anew; None: there is one alone."""
        present, place = np.unique(self.speaker, return_inverse=True)
        if len(present) < 2:
            return None
        _, column = np.unique(self.pair, return_inverse=True)
        table = np.zeros((len(present), column.max() + 1))
        there = np.zeros_like(table)
        table[place, column], there[place, column] = self.error, 1
        draws = np.random.default_rng(resampling.seed)
        even = np.full(len(present), 1 / len(present))
        drawn = draws.multinomial(len(present), even, size=resampling.num_resamples)
        with np.errstate(invalid="ignore"):
            rates = np.nanmean((drawn @ table) / (drawn @ there), axis=1)
        return [float(edge) for edge in np.quantile(rates, [0.025, 0.975])]


def average(plan: Plan, cells: Iterable[Cells]) -> Means:
    """Fold cells into means, a chunk at a time."""
    phones = plan.group(plan.labels.phone)
    speakers = plan.group(plan.labels.speaker)
    num_phones = len(plan.labels.phones)
    keys, sums, counts = [], [], []
    num_cells = num_triplets = 0
    weighted = 0.0
    for chunk in cells:
        a = plan.task_a[chunk.task]
        key = (speakers[a] * num_phones + phones[a]) * num_phones + phones[chunk.b]
        found, place = np.unique(key, return_inverse=True)
        keys.append(found)
        sums.append(np.bincount(place, chunk.error))
        counts.append(np.bincount(place))
        num_cells += len(key)
        num_triplets += int(chunk.size.sum())
        weighted += float(chunk.error @ chunk.size)
    key, place = np.unique(np.concatenate(keys), return_inverse=True)
    total, count = (np.bincount(place, np.concatenate(part)) for part in (sums, counts))
    return Means(
        key // num_phones**2,
        key % num_phones**2,
        total / count,
        plan.labels.phones,
        plan.labels.speakers,
        num_cells,
        num_triplets,
        weighted / num_triplets,
    )


def cell_rows(plan: Plan, chunk: Cells) -> Iterable[dict[str, Any]]:
    """Cells with their labels, one after the other."""
    names = plan.labels
    phone, context, speaker = (
        plan.group(values) for values in (names.phone, names.context, names.speaker)
    )
    for task, b, error, size in zip(chunk.task, chunk.b, chunk.error, chunk.size, strict=True):
        a, x = plan.task_a[task], plan.task_x[task]
        yield {
            "a": names.phones[phone[a]],
            "b": names.phones[phone[b]],
            "context": names.contexts[context[a]],
            "speaker": names.speakers[speaker[a]],
            "speaker_x": names.speakers[speaker[x]],
            "error": float(error),
            "triplets": int(size),
        }
