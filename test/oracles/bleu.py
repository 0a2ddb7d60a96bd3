"""BLEU from its definition (Papineni et al. 2002), with the tokeniser of mteval-v13a, slowly."""

from __future__ import annotations

import math
import re
from collections import Counter


def tokens_13a(text: str) -> list[str]:
    """Punctuation apart, except marks inside numbers."""
    text = text.replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for name, sign in (("quot", '"'), ("amp", "&"), ("lt", "<"), ("gt", ">")):
        text = text.replace(f"&{name};", sign)
    text = f" {text} "
    text = re.sub(r"([{-~\[-` -&(-+:-@/])", r" \1 ", text)
    text = re.sub(r"([^0-9])([.,])", r"\1 \2 ", text)
    text = re.sub(r"([.,])([^0-9])", r" \1 \2", text)
    text = re.sub(r"([0-9])(-)", r"\1 \2 ", text)
    return text.split()


def bleu(refs: list[str], hyps: list[str]) -> float:
    """Corpus BLEU in percent; an order without a match counts 1/2, 1/4, ... of one match."""
    pairs = [(tokens_13a(ref), tokens_13a(hyp)) for ref, hyp in zip(refs, hyps, strict=True)]
    if not any(set(ref) & set(hyp) for ref, hyp in pairs):
        return 0.0
    log_sum, halving = 0.0, 1.0
    for order in range(1, 5):
        matches = total = 0
        for ref, hyp in pairs:
            have, want = ngrams(hyp, order), ngrams(ref, order)
            matches += sum(min(count, want[gram]) for gram, count in have.items())
            total += sum(have.values())
        if total == 0:
            return 0.0
        if matches == 0:
            halving /= 2
        log_sum += math.log(matches / total if matches else halving / total) / 4
    num_ref = sum(len(ref) for ref, _ in pairs)
    num_hyp = sum(len(hyp) for _, hyp in pairs)
    penalty = 1.0 if num_hyp >= num_ref else math.exp(1 - num_ref / num_hyp)
    return 100 * penalty * math.exp(log_sum)


def ngrams(tokens: list[str], order: int) -> Counter[tuple[str, ...]]:
    """Every run of `order` tokens, counted."""
    return Counter(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))
