"""Slower learning for a part of a model: its gradient is scaled, its output is not."""

from typing import Any

import torch
from torch import Tensor


class GradientScale(torch.autograd.Function):
    """Identity whose gradient is multiplied."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: float) -> Tensor:
        """Any shape; `scale` is for the backward pass."""
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """The gradient of the input."""
        return grads[0] * ctx.scale, None


def scale_gradient(x: Tensor, scale: float) -> Tensor:
    """`x` itself; what flows back through it is multiplied by `scale`.

    Args:
        x: any shape.
        scale: 0.1 for the feature extractor of wav2vec 2.0 base (fairseq's feature_grad_mult).
    """
    return x if scale == 1.0 else GradientScale.apply(x, scale)
