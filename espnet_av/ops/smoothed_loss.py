"""Label-smoothed loss of tokens, without a target distribution for each of them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from espnet_av.padding import PAD_ID

_CHUNK = 1 << 22
"""Numbers that are looked at at once where a copy of them is needed."""


def smoothed_loss(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Divergence of the smoothed labels from the softmax, summed over tokens, mean over utterances.

    The label has 1 - smoothing, every other class smoothing / (K - 1), as in ESPnet's and
    fairseq's loss. With a = smoothing / (K - 1) a token's cross-entropy is

        logsumexp(x) - a K mean(x) - (1 - smoothing - a) x[label],

    so neither these targets nor log-probabilities are ever there: with the 250,054 tokens of mBART
    each would take a gigabyte for a thousand tokens.

    Args:
        logits: (B, L, K) float.
        labels: (B, L) int64, -1 = ignored.
        smoothing: share of the target that is spread over the other classes, in [0, 1).

    Returns:
        () float32; 0 where no label counts.
    """
    counts = (labels != PAD_ID).flatten()
    spread = smoothing / (logits.size(2) - 1)
    found = _CrossEntropy.apply(
        logits.flatten(0, 1), labels.flatten().clamp(min=0), spread, 1.0 - smoothing - spread
    )
    entropy = sum(p * math.log(p) for p in (1.0 - smoothing,) if p > 0)
    entropy += smoothing * math.log(spread) if spread > 0 else 0.0
    # where, not a product: what is padding may be infinite.
    return torch.where(counts, found + entropy, 0.0).sum() / logits.size(0)


class _CrossEntropy(torch.autograd.Function):
    """Of N tokens; only logits and their logsumexp are kept for the gradient."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor, spread: float, rest: float) -> Tensor:
        parts = logits.split(max(1, _CHUNK // logits.size(1)))
        total = torch.cat([part.logsumexp(dim=1) for part in parts]) if parts else logits[:, 0]
        ctx.save_for_backward(logits, labels, total)
        ctx.shares = (spread, rest)
        chosen = logits.gather(1, labels.unsqueeze(1)).squeeze(1)
        return total - spread * logits.sum(dim=1) - rest * chosen

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        logits, labels, total = ctx.saved_tensors
        spread, rest = ctx.shares
        found = (logits - total.unsqueeze(1)).exp_().sub_(spread)
        found.scatter_add_(1, labels.unsqueeze(1), found.new_full((len(found), 1), -rest))
        # Of padding nothing, whatever is in it.
        found.mul_(grad.unsqueeze(1)).masked_fill_((grad == 0).unsqueeze(1), 0.0)
        return found, None, None, None
