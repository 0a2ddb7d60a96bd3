"""Who speaks when, whichever output stands for whom: binary cross-entropy of the best order."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.lengths import valid_mask


class PitLoss(NamedTuple):
    """Of a batch."""

    loss: Tensor
    """(B,) sum over frames of the mean over talkers, in nats, of the best order."""
    labels: Tensor
    """(B, T, S) in that order."""


def pit_loss(logits: Tensor, labels: Tensor, lengths: Tensor) -> PitLoss:
    """Permutation-invariant loss (arXiv 1909.05952); orders are tried for whole utterances.

    Args:
        logits: (B, T, S) float.
        labels: (B, T, S) float, 1 where a talker speaks.
        lengths: (B,) int64 frames.
    """
    inside = valid_mask(lengths, logits.size(1), logits.device)
    orders = list(permutations(range(logits.size(2))))
    tried = torch.stack([labels[:, :, list(order)] for order in orders], dim=1)
    # (B, 1, T, S) and (B, P, T, S) -> (B, P)
    given = logits.float().unsqueeze(1).expand_as(tried)
    losses = F.binary_cross_entropy_with_logits(given, tried, reduction="none").mean(dim=3)
    totals = torch.where(inside.unsqueeze(1), losses, 0.0).sum(dim=2)
    best = totals.detach().argmin(dim=1)
    rows = torch.arange(len(best), device=best.device)
    return PitLoss(totals[rows, best], tried[rows, best])


def frame_errors(active: Tensor, labels: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Missed, false and confused talkers of all frames, and how many speak.

    Args:
        active: (B, T, S) bool, as predicted, in the order of the labels.
        labels: (B, T, S) float.
        lengths: (B,) int64 frames.

    Returns:
        (() errors, () talkers of all frames).
    """
    inside = valid_mask(lengths, labels.size(1), labels.device)
    speaks = (labels > 0.5) & inside.unsqueeze(2)
    heard = active & inside.unsqueeze(2)
    right = (speaks & heard).sum(dim=2)
    errors = torch.maximum(speaks.sum(dim=2), heard.sum(dim=2)) - right
    return errors.sum(), speaks.sum()
