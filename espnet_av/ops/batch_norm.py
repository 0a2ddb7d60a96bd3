"""Batch norm of pictures whose channels do not fill the vectors of a CPU.

torch's kernels for channels-last pictures go from pixel to pixel and take its channels eight at a
time; a rest of channels costs as much as two hundred others (seen with torch 2.11). Here
all channels of all pixels of a picture lie side by side, `H * W * C` of them, and go through the
same kernels as if they were channels. Their statistics are joined afterwards, which is also more
exact: torch adds up the pixels of all pictures in one single-precision number.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

MAX_CHANNELS = 64
"""With more channels the rest of them does not matter to torch."""
MIN_PIXELS = 4096
"""With fewer pixels the calls themselves take longer than torch's work."""


def is_uneven(x: Tensor) -> bool:
    """Whether (N, C, H, W) is a case for `normalise_uneven`: torch takes longer over it."""
    return (
        x.dim() == 4
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and x.size(1) % 8 != 0
        and x.size(1) < MAX_CHANNELS
        and x.numel() >= MIN_PIXELS * x.size(1)
        and x.is_contiguous(memory_format=torch.channels_last)
    )


def channel_statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """(N, C, H, W) -> mean (C,) and biased variance (C,) over all pixels."""
    num_channels = x.size(1)
    means, variances = torch.batch_norm_update_stats(_side_by_side(x), None, None, 0.0)
    means, variances = means.view(-1, num_channels), variances.view(-1, num_channels)
    mean = means.mean(dim=0)
    return mean, variances.mean(dim=0) + (means - mean).square().mean(dim=0)


def normalise_uneven(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
    eps: float,
    of_x: bool,
) -> Tensor:
    """Batch norm of pictures that lie channels last; there is no second derivative.

    Args:
        x: (N, C, H, W) float.
        weight: (C,).
        bias: (C,).
        mean: (C,), without gradient.
        variance: (C,), without gradient.
        eps: added to the variance.
        of_x: `mean` and `variance` are the `channel_statistics` of `x`: its gradient counts them.

    Returns:
        (N, C, H, W), channels last.
    """
    return _BatchNorm.apply(x, weight, bias, mean, variance, eps, of_x)


class _BatchNorm(torch.autograd.Function):
    """See `normalise_uneven`."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        eps: float,
        of_x: bool,
    ) -> Tensor:
        times = x.size(2) * x.size(3)
        out = torch.empty_like(x, memory_format=torch.channels_last)
        torch.native_batch_norm(
            _side_by_side(x),
            weight.repeat(times),
            bias.repeat(times),
            mean.repeat(times),
            variance.repeat(times),
            False,
            0.0,
            eps,
            # A view, so that what is returned is none, and an activation may overwrite it.
            out=(_side_by_side(out), x.new_empty(0), x.new_empty(0)),
        )
        ctx.save_for_backward(x, weight, mean, (variance + eps).rsqrt())
        ctx.of_x = of_x
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, inverse = ctx.saved_tensors
        (num, channels, *size), times = x.shape, x.size(2) * x.size(3)
        wide_grad, wide_x = _side_by_side(grad), _side_by_side(x)
        _, to_weight, to_bias = torch.ops.aten.native_batch_norm_backward(
            wide_grad,
            wide_x,
            None,
            None,
            None,
            mean.repeat(times),
            inverse.repeat(times),
            True,
            0.0,
            [False, True, True],
        )
        to_weight = to_weight.view(times, channels).sum(dim=0)
        to_bias = to_bias.view(times, channels).sum(dim=0)
        scale = weight * inverse
        rows, values = wide_grad.view(num, -1), wide_x.view(num, -1)
        if ctx.of_x:
            # Every pixel has a part in the mean and in the deviation.
            slope = -scale * inverse * to_weight / (num * times)
            shift = -scale * to_bias / (num * times) - slope * mean
            out = torch.addcmul(shift.repeat(times), rows, scale.repeat(times))
            out.addcmul_(values, slope.repeat(times))
        else:
            out = rows * scale.repeat(times)
        to_x = out.view(num, *size, channels).permute(0, 3, 1, 2)
        return to_x, to_weight, to_bias, None, None, None, None


def _side_by_side(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, H * W * C, 1, 1), a view if the channels lie last."""
    return x.permute(0, 2, 3, 1).reshape(len(x), -1, 1, 1)
