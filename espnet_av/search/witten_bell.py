"""Estimation of back-off n-grams from token sequences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from espnet_av.errors import ConfigError
from espnet_av.search.arpa import NEVER, Entry, Grams

Counts = list[dict[tuple[int, ...], Counter[int]]]
"""Of each order from 1: context -> how often which token followed it."""


def witten_bell(
    texts: Iterable[Sequence[int]], order: int, *, tokens: Sequence[int], start: int, end: int
) -> Grams:
    """Interpolated n-grams with Witten-Bell's weights.

    `P(w | h) = (c(h w) + n(h) P(w | h')) / (c(h) + n(h))`, where c counts, n(h) is the number of
    different tokens seen after h, and h' is h without its first token; single tokens are
    interpolated with the uniform distribution. (Witten and Bell 1991, method C; Chen and Goodman
    1999, eq. 16.) It needs no held-out text and no counts of counts, which few texts or few
    different tokens do not give. In back-off form, `n(h) / (c(h) + n(h))` is the weight of h for
    what was not seen after it, so that the probabilities after every h sum to one.

    Args:
        texts: token ids without marks.
        order: longest n-gram.
        tokens: every id that a text may have.
        start: id of the mark before each text.
        end: id of the mark after each text.

    Raises:
        ConfigError: there is no text, or the order is below 1.
    """
    if order < 1:
        msg = f"order {order}: an n-gram has at least 1 token"
        raise ConfigError(msg)
    counts = _count(texts, order, start, end)
    if not counts[0]:
        msg = "no text to count n-grams in; check that the set has a text file"
        raise ConfigError(msg)
    every = sorted({*tokens, end})
    total, kinds = counts[0][()].total(), len(counts[0][()])
    probs: dict[tuple[int, ...], float] = {
        (token,): (counts[0][()][token] + kinds / len(every)) / (total + kinds) for token in every
    }
    grams: Grams = [{(start,): Entry(NEVER * math.log(10), 0.0)}]
    grams[0] |= {gram: Entry(math.log(prob), 0.0) for gram, prob in probs.items()}
    for table in counts[1:]:
        probs = _add_order(grams, table, probs)
    return grams


def _add_order(
    grams: Grams, table: dict[tuple[int, ...], Counter[int]], lower: dict[tuple[int, ...], float]
) -> dict[tuple[int, ...], float]:
    """Append the n-grams of the next order, give their contexts weights; returns probabilities."""
    probs: dict[tuple[int, ...], float] = {}
    contexts = grams[-1]
    for context, followers in sorted(table.items()):
        total, kinds = followers.total(), len(followers)
        weight = kinds / (total + kinds)
        contexts[context] = contexts[context]._replace(backoff=math.log(weight))
        for token, count in sorted(followers.items()):
            below = lower[(*context[1:], token)]
            probs[(*context, token)] = count / (total + kinds) + weight * below
    grams.append({gram: Entry(math.log(prob), 0.0) for gram, prob in probs.items()})
    return probs


def _count(texts: Iterable[Sequence[int]], order: int, start: int, end: int) -> Counts:
    counts: Counts = [{} for _ in range(order)]
    for text in texts:
        marked = (start, *text, end)
        for place in range(1, len(marked)):
            for length in range(min(order, place + 1)):
                context = marked[place - length : place]
                counts[length].setdefault(context, Counter())[marked[place]] += 1
    return counts
