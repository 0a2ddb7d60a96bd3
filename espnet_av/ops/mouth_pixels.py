"""Grey levels of mouth crops as a network gets them."""

import torch
from torch import Tensor

PIXEL_MEAN = 0.421
"""Mean grey level of mouth crops in [0, 1] (AV-HuBERT, auto_avsr)."""
PIXEL_STD = 0.165
"""Its standard deviation."""


def normalise_pixels(frames: Tensor, pool: int = 1) -> Tensor:
    """Brings grey levels to mean 0 and variance 1.

    Args:
        frames: (N, H, W) uint8.
        pool: 2 averages each 2x2 pixels first (a last odd row or column is left out); 1 does not.

    Returns:
        (N, H // pool, W // pool) float32.
    """
    if pool == 1:
        return frames.float().mul_(1.0 / (255.0 * PIXEL_STD)).sub_(PIXEL_MEAN / PIXEL_STD)
    # Sums of 2x2 pixels in 16-bit integers: several times faster than pooling floats.
    height, width = (size // 2 * 2 for size in frames.shape[1:])
    rows = frames[:, 0:height:2].to(torch.int16) + frames[:, 1:height:2]
    sums = rows[:, :, 0:width:2] + rows[:, :, 1:width:2]
    return sums.float().mul_(1.0 / (4.0 * 255.0 * PIXEL_STD)).sub_(PIXEL_MEAN / PIXEL_STD)
