"""Stacking consecutive frames, which lowers the frame rate and keeps every value."""

import torch.nn.functional as F
from torch import Tensor


def stack_frames(x: Tensor, num_frames: int) -> Tensor:
    """Concatenates each `num_frames` consecutive frames, zero-padding the end to a multiple.

    Args:
        x: (B, T, D).
        num_frames: frames per stack.

    Returns:
        (B, ceil(T / num_frames), num_frames * D), the earliest frame first.
    """
    batch_size, length, size = x.shape
    x = F.pad(x, (0, 0, 0, -length % num_frames))
    return x.reshape(batch_size, x.size(1) // num_frames, num_frames * size)
