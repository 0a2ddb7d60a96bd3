"""Features read between their frames."""

import torch
from torch import Tensor


def interpolate_frames(features: Tensor, lengths: Tensor, positions: Tensor) -> Tensor:
    """Features at positions in time, linear between the two frames around each.

    Before the first and after the last frame of an utterance it is that frame; what is beyond its
    length is never read.

    Args:
        features: (B, V, D).
        lengths: (B,) int64 frames on the CPU, each at least 1.
        positions: (T,) float on the CPU, in frames: 0 = the first frame, 0.5 = between the first
            two.

    Returns:
        (B, T, D).
    """
    # (T,), (B,) -> (B, T)
    last = (lengths - 1).unsqueeze(1)
    places = positions.unsqueeze(0).clamp(min=0.0).minimum(last.to(positions.dtype))
    lower = places.floor().long()
    upper = torch.minimum(lower + 1, last)
    share = (places - lower).to(features.device, features.dtype, non_blocking=True).unsqueeze(2)
    rows = torch.arange(len(lengths), device=features.device).unsqueeze(1)
    before, after = (
        features[rows, index.to(features.device, non_blocking=True)] for index in (lower, upper)
    )
    return torch.lerp(before, after, share)
