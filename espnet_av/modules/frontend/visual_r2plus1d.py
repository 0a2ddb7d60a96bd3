"""Visual front end: five (2+1)D convolutions over the mouth frames that exist."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.modules.frontend.abs_visual_frontend import (
    AbsVisualFrontend,
    initialise_convolutions,
)
from espnet_av.modules.frontend.batch_norm import FrameBatchNorm
from espnet_av.ops.lengths import same_clip_as_next

MULTIPLES = (1, 2, 4, 8, 8)
"""Channels of the five layers in units of the first one's."""


@dataclass(frozen=True, kw_only=True)
class R2Plus1dConfig:
    """(2+1)D front end; the defaults are the 11.7 M weights of Google's (arXiv 2201.10439)."""

    width: int = 64
    """Channels of the first layer; the others have 2, 4, 8 and 8 times as many."""
    image_pool: Literal[1, 2] = 1
    """2: average each 2x2 pixels first, which costs a quarter (small models, CPU)."""

    def __post_init__(self) -> None:
        if self.width < 1:
            msg = f"r2plus1d: width is {self.width}; 64 is the published size"
            raise ConfigError(msg)


class R2Plus1dFrontend(AbsVisualFrontend):
    """The convolutional front end of FAVA: each layer convolves in space, then in time.

    Space is halved five times and then averaged; the frame rate stays. The five temporal kernels
    together see five frames on each side.

    Args:
        config: see `R2Plus1dConfig`.
        output_size: D.
    """

    @typechecked
    def __init__(self, config: R2Plus1dConfig, output_size: int) -> None:
        super().__init__(config.image_pool, output_size)
        channels = [1, *(config.width * multiple for multiple in MULTIPLES)]
        self.layers = nn.ModuleList(map(R2Plus1dLayer, channels, channels[1:]))
        self.project = nn.Linear(channels[-1], output_size)
        initialise_convolutions(self)

    def compute(self, pixels: Tensor, lengths: Tensor) -> Tensor:
        """(N, H, W) float, (B,) -> (N, D)."""
        follows = same_clip_as_next(lengths).to(pixels.device, non_blocking=True)
        # (N, H, W) -> (N, 1, H, W)
        hidden = pixels.unsqueeze(1).contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            hidden = layer(hidden, follows)
        # (N, 8 * width, H', W') -> (N, D)
        return self.project(hidden.mean(dim=(2, 3)))


class R2Plus1dLayer(nn.Module):
    """1x3x3 convolution of stride 2, batch norm, ReLU; 3x1x1 convolution, batch norm, ReLU.

    Args:
        in_channels: channels that come in.
        channels: channels that go out; in between there are `mid_channels`.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        mid = mid_channels(in_channels, channels)
        # Both hold their weights in the published 5-D shapes.
        self.spatial = nn.Conv3d(in_channels, mid, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False)
        self.spatial_norm = FrameBatchNorm(mid)
        self.temporal = nn.Conv3d(mid, channels, (3, 1, 1), 1, (1, 0, 0), bias=False)
        self.temporal_norm = FrameBatchNorm(channels)

    def forward(self, x: Tensor, follows: Tensor) -> Tensor:
        """(N, C, H, W) packed frames, (N - 1,) bool of `same_clip_as_next` -> (N, C', H/2, W/2)."""
        hidden = F.conv2d(x, self.spatial.weight.squeeze(2), stride=2, padding=1)
        hidden = F.relu(self.spatial_norm(hidden), inplace=True)
        # (C', M, 3, 1, 1) -> (3C', M, 1, 1): one product with the frames for all three taps
        weight = self.temporal.weight.squeeze(-1).permute(2, 0, 1, 3).flatten(0, 1).unsqueeze(-1)
        taps = F.conv2d(hidden, weight)
        return F.relu(self.temporal_norm(add_neighbours(taps, follows)), inplace=True)


def mid_channels(in_channels: int, channels: int) -> int:
    """Channels between space and time: as many weights as one 3x3x3 convolution has at most.

    M = floor(27 * Ci * Co / (9 * Ci + 3 * Co)) (R(2+1)D, arXiv 1711.11248, section 3.5).
    """
    return 27 * in_channels * channels // (9 * in_channels + 3 * channels)


def add_neighbours(taps: Tensor, follows: Tensor) -> Tensor:
    """Sums the taps of a temporal kernel of three; beyond the ends of a clip there are zeros.

    Args:
        taps: (N, 3C, H, W), what each packed frame gives to the frame after it, to itself and to
            the frame before it.
        follows: (N - 1,) bool, True = frame n + 1 is of the same clip as frame n.

    Returns:
        (N, C, H, W).
    """
    past, present, future = taps.chunk(3, dim=1)
    inside = follows.to(taps.dtype)[:, None, None, None]
    total = present.clone(memory_format=torch.channels_last)
    total[1:] += past[:-1] * inside
    total[:-1] += future[1:] * inside
    return total
