"""Times of tokens and words, from the best CTC path through a given text."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from espnet_av.data.sentencepiece_model import SPACE
from espnet_av.ops.forced_path import forced_path


class TokenSpan(NamedTuple):
    """Frames of one token: [start, end), and its mean probability there."""

    token: int
    start: int
    end: int
    probability: float


class WordTime(NamedTuple):
    """A word from `start` to `end` seconds, with the mean probability of its tokens."""

    word: str
    start: float
    end: float
    probability: float


def align_tokens(
    log_probs: Tensor, tokens: Sequence[int], blank: int = 0
) -> list[TokenSpan] | None:
    """Find where each token of a text lies.

    Args:
        log_probs: (T, V) float, log-softmax of the CTC layer, without padding.
        tokens: ids without blanks.
        blank: id of the blank label.

    Returns:
        a span per token, in order; None when the frames are too few for the tokens (repeated
        tokens need a blank between them).
    """
    if not tokens:
        return []
    repeats = sum(left == right for left, right in itertools.pairwise(tokens))
    if len(tokens) + repeats > log_probs.size(0):
        return None
    labels = forced_path(log_probs, torch.tensor(tokens), blank)
    chances = log_probs.detach().cpu().float()[torch.arange(len(labels)), labels].exp()
    spans, start = [], 0
    for label, group in itertools.groupby(labels.tolist()):
        end = start + len(list(group))
        if label != blank:
            spans.append(TokenSpan(label, start, end, chances[start:end].mean().item()))
        start = end
    return spans


def word_times(
    pieces: Sequence[str], spans: Sequence[TokenSpan], frame_sec: float
) -> list[WordTime]:
    """Join the spans of sentencepiece pieces to words.

    Args:
        pieces: text of each token, words beginning with U+2581 (a lone U+2581 is a space).
        spans: one per piece.
        frame_sec: seconds per frame.
    """
    words: list[list[tuple[str, TokenSpan]]] = []
    for piece, span in zip(pieces, spans, strict=True):
        if piece.startswith(SPACE) or not words:
            words.append([])
        text = piece.removeprefix(SPACE)
        if text:
            words[-1].append((text, span))
    return [_join(parts, frame_sec) for parts in words if parts]


def _join(parts: list[tuple[str, TokenSpan]], frame_sec: float) -> WordTime:
    probability = math.fsum(span.probability for _, span in parts) / len(parts)
    return WordTime(
        word="".join(text for text, _ in parts),
        start=round(parts[0][1].start * frame_sec, 3),
        end=round(parts[-1][1].end * frame_sec, 3),
        probability=round(probability, 4),
    )
