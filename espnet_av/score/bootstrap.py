"""Confidence intervals of error rates by resampling utterances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from espnet_av.errors import ConfigError

_SLACK = 1e-9
"""Of figures that are equal but for rounding."""
_ALIKE = 16
"""Utterances of one kind from which on drawing kinds is faster than drawing utterances."""
_DRAWN_AT_ONCE = 2**16
"""Numbers of drawn utterances held at a time."""


@dataclass(frozen=True)
class Resampling:
    """How confidence intervals are drawn."""

    num_resamples: int = 1000
    """Sets of utterances drawn with replacement."""
    seed: int = 0
    """Of the draws."""

    def __post_init__(self) -> None:
        if self.num_resamples < 1 or self.seed < 0:
            msg = (
                f"{self.num_resamples} resamples with seed {self.seed}; at least 1 of them "
                "(--num_resamples), and a seed of at least 0"
            )
            raise ConfigError(msg)


@dataclass(frozen=True)
class Sums:
    """What a figure of a corpus is made of: sums over its utterances."""

    rows: np.ndarray
    """(U, K) of each utterance."""
    figure: Callable[[np.ndarray], float]
    """(K,) sums -> figure, NaN where they give none."""

    @property
    def value(self) -> float:
        """The figure of the corpus."""
        return self.figure(self.rows.sum(axis=0))

    def draws(self, resampling: Resampling) -> np.ndarray:
        """(R,) figures of drawn utterances, the same ones for all figures of one corpus."""
        return np.array([self.figure(sums) for sums in _sums_of_rows(self.rows, resampling)])

    def interval(self, resampling: Resampling) -> tuple[float, float]:
        """The middle 95 % of the draws."""
        return middle(self.draws(resampling), self.value)


def middle(draws: np.ndarray, value: float) -> tuple[float, float]:
    """Bounds of the middle 95 % of draws; of none the value itself."""
    there = draws[~np.isnan(draws)]
    low, high = np.quantile(there, (0.025, 0.975)) if len(there) else (value, value)
    return float(low), float(high)


@dataclass(frozen=True)
class PairedTest:
    """A difference between two systems on one test set."""

    difference: float
    """The other's figure - the one's."""
    ci95: tuple[float, float]
    """The middle 95 % of its draws."""
    p_value: float
    """How often draws differ at least as much if the systems do not, two-sided."""


def paired_bootstrap(
    one: Sequence[Sums], other: Sequence[Sums], resampling: Resampling
) -> PairedTest:
    """Test two systems on the same drawn utterances (Koehn, EMNLP 2004).

    For p the draws are moved so that their mean is 0 (Riezler and Maxwell, 2005), and those that
    differ just as much count: equal systems have 1.

    Args:
        one: of each seed; a system's figure is their mean.
        other: of each seed, of the same utterances in the same order.
        resampling: how many draws.

    Raises:
        ValueError: the utterances are not equally many.
    """
    sizes = {len(sums.rows) for sums in (*one, *other)}
    if len(sizes) > 1:
        msg = f"systems of {' and '.join(map(str, sorted(sizes)))} utterances have no pairs"
        raise ValueError(msg)
    value = _mean(other, lambda sums: sums.value) - _mean(one, lambda sums: sums.value)
    drawn = _mean(other, lambda sums: sums.draws(resampling)) - _mean(
        one, lambda sums: sums.draws(resampling)
    )
    drawn = drawn[~np.isnan(drawn)]
    beyond = np.abs(drawn - drawn.mean()) >= abs(value) - _SLACK if len(drawn) else drawn
    p_value = (float(beyond.sum()) + 1) / (len(drawn) + 1)
    return PairedTest(float(value), middle(drawn, value), p_value)


def _mean(sums: Sequence[Sums], read: Callable[[Sums], Any]) -> Any:
    return np.mean([read(item) for item in sums], axis=0)


def percentage(sums: np.ndarray) -> float:
    """100 x the first of two sums by the second: an error rate, or a mean if each counts 1."""
    return float(100 * sums[0] / sums[1]) if sums[1] else float("nan")


def rate_figure(
    counts: Sequence[float], totals: Sequence[float], resampling: Resampling
) -> dict[str, Any]:
    """`rate` and `ci95` of sum(counts) / sum(totals) in percent, to three decimals.

    Args:
        counts: (U,) of each utterance, as its errors.
        totals: (U,) what they are counted of, not all 0.
        resampling: for the interval.
    """
    low, high = bootstrap_interval(np.array(counts), np.array(totals), **asdict(resampling))
    return {
        "rate": round(100 * sum(counts) / sum(totals), 3),
        "ci95": [round(100 * low, 3), round(100 * high, 3)],
    }


def bootstrap_interval(
    errors: np.ndarray, lengths: np.ndarray, *, num_resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The middle 95 % of sum(errors) / sum(lengths) (Bisani and Ney, ICASSP 2004).

    Args:
        errors: (U,) number of errors of each utterance.
        lengths: (U,) number of reference units of each utterance, not all 0.
        num_resamples: sets of U utterances drawn with replacement.
        seed: of the draws.

    Returns:
        lower and upper bound, as ratios.
    """
    rows = np.stack([errors, lengths], axis=1).astype(np.float64)
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    if len(kinds) * _ALIKE <= len(rows):
        drawn = _sums_of_kinds(kinds, counts, Resampling(num_resamples, seed))
    else:
        drawn = _sums_of_rows(rows, Resampling(num_resamples, seed))
    # Utterances without reference units can fill a draw of a tiny set; it has no rate.
    there = drawn[drawn[:, 1] > 0]
    return middle(there[:, 0] / there[:, 1], float(errors.sum() / lengths.sum()))


def _sums_of_rows(rows: np.ndarray, resampling: Resampling) -> np.ndarray:
    """(U, K) -> (R, K) sums of U drawn rows."""
    rng = np.random.default_rng(resampling.seed)
    size, values = len(rows), rows.astype(np.float64)
    # How often each row is drawn, times the rows: a tenth of the time of copying those drawn.
    drawn = (rng.integers(size, size=size) for _ in range(resampling.num_resamples))
    return np.array([np.bincount(chosen, minlength=size) @ values for chosen in drawn])


def _sums_of_kinds(kinds: np.ndarray, counts: np.ndarray, resampling: Resampling) -> np.ndarray:
    """The same for (G, K) rows of which there are (G,) each.

    How often those of one kind are drawn together is what the multinomial distribution says.
    """
    rng = np.random.default_rng(resampling.seed)
    size = int(counts.sum())
    step = max(1, _DRAWN_AT_ONCE // len(kinds))
    return np.concatenate(
        [
            rng.multinomial(size, counts / size, size=min(step, resampling.num_resamples - start))
            @ kinds
            for start in range(0, resampling.num_resamples, step)
        ]
    )
