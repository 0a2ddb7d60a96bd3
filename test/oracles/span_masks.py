"""Span masks one utterance after the other: slow, plain, and with numpy's own random numbers."""

import numpy as np


def loop_spans(lengths, start_prob, span, min_spans, equal, rng):
    """(B, T) bool, T = the longest; the distribution that `place_spans` promises."""
    mask = np.zeros((len(lengths), max(lengths)), dtype=bool)
    for row, length in zip(mask, lengths, strict=True):
        if not length:
            continue
        size = min(span, max(1, length // 2))
        places = length - size + 1
        count = max(min_spans, int(start_prob * length + rng.random()))
        for start in rng.choice(places, min(count, places), replace=False):
            row[start : start + size] = True
    if equal:
        some = [row for row in mask if row.any()]
        fewest = min((row.sum() for row in some), default=0)
        for row in some:
            masked = np.flatnonzero(row)
            row[rng.choice(masked, len(masked) - fewest, replace=False)] = False
    return mask


def placed_by_hand(length, noise, start_prob, span, min_spans):
    """One row of `place_spans` for given random numbers (T + 1)."""
    size = min(span, max(1, length // 2))
    places = list(range(length - size + 1)) if length else []
    count = max(min_spans, int(start_prob * length + noise[0]))
    starts = sorted(places, key=lambda place: noise[place + 1])[:count]
    return [any(start <= t < start + size for start in starts) for t in range(len(noise) - 1)]
