"""CTC helpers: the collapse rule, the frames a text needs, and edit distance."""

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor


def required_frames(text: Tensor, text_lengths: Tensor) -> Tensor:
    """Frames that CTC needs for a text: one per token, one more between equal neighbours.

    Args:
        text: (B, L) int64, any value beyond the length.
        text_lengths: (B,) int64.

    Returns:
        (B,) int64. A text with more required than encoded frames has probability zero.
    """
    inside = torch.arange(text.size(1), device=text.device)[1:] < text_lengths.unsqueeze(1)
    repeated = (text[:, 1:] == text[:, :-1]) & inside
    return text_lengths + repeated.sum(dim=1)


def collapse(frames: Sequence[int], blank: int = 0) -> list[int]:
    """Merges repeated labels, then removes blanks (Graves et al., 2006)."""
    return [label for label, _ in groupby(frames) if label != blank]


def edit_distance(hypothesis: Sequence[int], reference: Sequence[int]) -> int:
    """Fewest substitutions, deletions and insertions between two sequences."""
    row = list(range(len(reference) + 1))
    for i, token in enumerate(hypothesis, start=1):
        diagonal, row[0] = row[0], i
        for j, expected in enumerate(reference, start=1):
            best = min(diagonal + (token != expected), row[j] + 1, row[j - 1] + 1)
            diagonal, row[j] = row[j], best
    return row[-1]
