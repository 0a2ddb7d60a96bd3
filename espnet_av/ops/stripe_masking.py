"""Random stripes over an axis, the masks of SpecAugment (arXiv 1904.08779)."""

import torch
from torch import Tensor


def draw_stripes(
    sizes: Tensor,
    max_widths: Tensor,
    num_stripes: int,
    max_size: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draws `num_stripes` stripes for each row, all at once and on the device of `sizes`.

    Width uniform in 0..max_width, start uniform over the places where the stripe fits.

    Args:
        sizes: (B,) int64 valid length of the axis in each row.
        max_widths: (B,) int64 largest stripe in each row, at most `sizes`.
        num_stripes: stripes per row; they may overlap.
        max_size: padded length of the axis.
        generator: on the same device; torch's default one if None.

    Returns:
        (B, max_size) bool, True = inside a stripe.
    """
    draws = torch.rand(
        2, sizes.numel(), num_stripes, generator=generator, device=sizes.device, dtype=torch.float64
    )
    widths = (draws[0] * (max_widths + 1).unsqueeze(1)).floor()
    starts = (draws[1] * (sizes.unsqueeze(1) - widths + 1)).floor()
    # (B, stripes, 1) against (max_size,) -> (B, stripes, max_size)
    steps = torch.arange(max_size, device=sizes.device)
    inside = (steps >= starts.unsqueeze(2)) & (steps < (starts + widths).unsqueeze(2))
    return inside.any(dim=1)
