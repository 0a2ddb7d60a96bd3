"""N-grams of tokens with their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

NGram = tuple[str, ...]


def count_ngrams(tokens: Sequence[str], order: int) -> Counter[NGram]:
    """How often each sequence of `order` tokens occurs."""
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))
