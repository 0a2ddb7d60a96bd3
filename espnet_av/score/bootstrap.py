"""Confidence intervals of error rates by resampling utterances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Resampling:
    """How confidence intervals are drawn."""

    num_resamples: int = 1000
    """Sets of utterances drawn with replacement."""
    seed: int = 0
    """Of the draws."""


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
    errors: np.ndarray,
    lengths: np.ndarray,
    *,
    num_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of sum(errors) / sum(lengths) (Bisani and Ney, ICASSP 2004).

    Args:
        errors: (U,) number of errors of each utterance.
        lengths: (U,) number of reference units of each utterance, not all 0.
        num_resamples: sets of U utterances drawn with replacement.
        level: share of the resampled rates inside the interval.
        seed: of the draws.

    Returns:
        lower and upper bound, as ratios.
    """
    num_utts = len(errors)
    generator = np.random.default_rng(seed)
    # (R, U): how often each utterance is drawn; the rates are then two matrix products.
    drawn = generator.multinomial(num_utts, np.full(num_utts, 1 / num_utts), size=num_resamples)
    totals = drawn @ np.asarray(lengths)
    # Utterances without reference units can fill a draw of a tiny set; it has no rate.
    rates = (drawn @ np.asarray(errors))[totals > 0] / totals[totals > 0]
    tail = (1 - level) / 2
    low, high = np.quantile(rates, [tail, 1 - tail])
    return float(low), float(high)
