"""Relative positions by convolution: what wav2vec 2.0 has in place of positional encodings."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class WeightNormConv(nn.Module):
    """Grouped convolution over time, as many frames out as in, its weight normalised per tap.

    The weight is `weight_g * weight_v / |weight_v|` with the norm over output and input channels,
    so that `weight_g` has one value for each tap (arXiv 1602.07868 with dim 2, as wav2vec 2.0).

    Args:
        channels: D, of input and output.
        kernel: taps; half of them look at earlier frames. With an even number the frame that the
            padding adds at the end is left out.
        groups: of channels that do not see each other.
    """

    def __init__(self, channels: int, kernel: int, groups: int) -> None:
        super().__init__()
        self.kernel, self.groups = kernel, groups
        self.weight_v = nn.Parameter(torch.empty(channels, channels // groups, kernel))
        nn.init.normal_(self.weight_v, std=math.sqrt(4.0 / (kernel * channels)))
        self.weight_g = nn.Parameter(self._norm().detach().clone())
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, T) -> (B, D, T)."""
        weight = self.weight_v * (self.weight_g / self._norm())
        out = F.conv1d(x, weight, self.bias, padding=self.kernel // 2, groups=self.groups)
        return out[:, :, : x.size(2)]

    def _norm(self) -> Tensor:
        """(1, 1, kernel)."""
        return self.weight_v.norm(dim=(0, 1), keepdim=True)


class PositionalConv(nn.Sequential):
    """Convolution -> GELU over (B, T, D); its output is added to its input by the encoder.

    Args:
        size: D.
        kernel: taps, 128 in wav2vec 2.0.
        groups: 16 in wav2vec 2.0.
    """

    def __init__(self, size: int, kernel: int, groups: int) -> None:
        super().__init__(WeightNormConv(size, kernel, groups), nn.GELU())

    def forward(self, input: Tensor) -> Tensor:
        """(B, T, D), zero where there is no frame -> (B, T, D)."""
        # (B, T, D) -> (B, D, T) and back
        return super().forward(input.transpose(1, 2)).transpose(1, 2)
