"""Mean 0 and variance 1 of features, over whole utterances or over what has been heard so far."""

import torch
from torch import Tensor

from espnet_av.ops.lengths import valid_mask

PRIOR_MEAN, PRIOR_STD = -6.0, 3.5
"""Mean and deviation of log-mel energies of read speech, averaged over the bands."""
PRIOR_FRAMES = 100
"""Windows that they count for at the start of an utterance: one second."""


def normalise_utterance(features: Tensor, lengths: Tensor) -> Tensor:
    """Mean 0 and variance 1 per band over the valid frames of each utterance; padding becomes 0.

    Args:
        features: (B, T, D) float.
        lengths: (B,) int64.

    Returns:
        (B, T, D).
    """
    mask = valid_mask(lengths, features.size(1), features.device).unsqueeze(2)
    count = mask.sum(dim=1, keepdim=True).clamp(min=1)
    features = torch.where(mask, features, 0.0)
    mean = features.sum(dim=1, keepdim=True) / count
    centred = torch.where(mask, features - mean, 0.0)
    variance = centred.square().sum(dim=1, keepdim=True) / count
    # 1e-5 keeps a silent or one-frame utterance at zero instead of at noise.
    return centred * (variance + 1e-5).rsqrt()


def normalise_past(features: Tensor, lengths: Tensor) -> Tensor:
    """Each frame by mean and variance per band of the frames up to it; padding becomes 0.

    An utterance starts with `PRIOR_FRAMES` frames of typical log-mel energies, so that the first
    ones are not normalised by themselves.

    Args:
        features: (B, T, D) float32 log-mel energies.
        lengths: (B,) int64.

    Returns:
        (B, T, D).
    """
    # Around the prior mean, squares stay small and their difference exact.
    centred = features - PRIOR_MEAN
    steps = torch.arange(1, features.size(1) + 1, device=features.device)[:, None]
    count = (steps + PRIOR_FRAMES).float()
    mean = centred.cumsum(1) / count
    square = (centred.square().cumsum(1) + PRIOR_FRAMES * PRIOR_STD**2) / count
    normal = (centred - mean) * (square - mean.square() + 1e-5).rsqrt()
    mask = valid_mask(lengths, features.size(1), features.device)
    return torch.where(mask.unsqueeze(2), normal, 0.0)
