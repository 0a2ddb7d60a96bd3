"""Confidence intervals of error rates by resampling utterances."""

from __future__ import annotations

import numpy as np


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
