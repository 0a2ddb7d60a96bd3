"""The penalty that keeps the features of a learned front end small."""

import torch
from torch import Tensor


def feature_penalty(features: Tensor, valid: Tensor) -> Tensor:
    """Mean square over the values of all existing frames.

    Args:
        features: (B, T, C) float.
        valid: (B, T) bool, True = valid frame; fairseq counts padding too.

    Returns:
        () float32.
    """
    # (B, T, C) -> (B, T)
    squares = features.float().square().mean(dim=2)
    return torch.where(valid, squares, 0.0).sum() / valid.sum().clamp(min=1)
