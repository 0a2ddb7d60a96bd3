"""Sound continued beyond its ends by its mirror image."""

import torch
from torch import Tensor


def reflect_ends(speech: Tensor, lengths: Tensor, margin: int) -> Tensor:
    """Puts `margin` mirrored samples before and after each sound; its end samples are not doubled.

    Args:
        speech: (B, S).
        lengths: (B,) int64 samples on the CPU, each more than `margin`.
        margin: samples at each end.

    Returns:
        (B, S + 2 * margin), zero beyond `lengths + 2 * margin`.
    """
    lengths = lengths.to(speech.device, non_blocking=True).unsqueeze(1)
    places = torch.arange(-margin, speech.size(1) + margin, device=speech.device)
    mirrored = torch.minimum(places.abs(), 2 * (lengths - 1) - places.abs())
    continued = speech.gather(1, mirrored.clamp(min=0))
    return torch.where(places < lengths + margin, continued, 0.0)
