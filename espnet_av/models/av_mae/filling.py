"""The masked loss of one kind of input: how far what was filled in is from what was there."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from espnet_av.modules.statistics import Weighted
from espnet_av.ops.precision import full_precision


class Hidden(NamedTuple):
    """What is hidden of a batch of one kind of input; M places in all."""

    masked: Tensor
    """(B, N) bool, on the device of the model, True = hidden."""
    places: Tensor
    """(M,) int64 of the flattened (B * N)."""
    shares: Tensor
    """(M,) float32, 1 / (hidden places of the utterance): each utterance counts once."""
    share: Weighted
    """M, and the places of all utterances, hidden or not."""


def hidden_of(masked: Tensor, lengths: Tensor, device: torch.device) -> Hidden:
    """Brings masks to a device.

    Args:
        masked: (B, N) bool, on the CPU: so their number is known without waiting.
        lengths: (B,) int64 places of each, on the CPU.
        device: of the model.
    """
    places = masked.flatten().nonzero().squeeze(1)
    counts = masked.sum(dim=1)
    shares = (1.0 / counts.clamp(min=1)).repeat_interleave(counts)
    share = Weighted(counts.sum(), float(lengths.sum()))
    masked, places, shares = (
        part.to(device, non_blocking=True) for part in (masked, places, shares)
    )
    return Hidden(masked, places, shares, share)


class Filling(NamedTuple):
    """Loss of one kind of input."""

    loss: Tensor
    """() mean over values, hidden places and utterances of the squared difference."""
    against_mean: Weighted
    """Its square differences, and those of the mean of all hidden places of the batch."""


def filling_loss(predicted: Tensor, targets: Tensor, hidden: Hidden) -> Filling:
    """Compares what was filled in with what was there.

    Args:
        predicted: (M, P).
        targets: (M, P) float32.
        hidden: of this kind of input.
    """
    with full_precision(predicted.device):
        errors = (predicted.float() - targets).square().mean(dim=1)
        loss = (errors * hidden.shares).sum() / len(hidden.masked)
    around = (targets - targets.mean(dim=0)).square().mean(dim=1)
    return Filling(loss, Weighted(errors.detach().sum(), around.sum()))
