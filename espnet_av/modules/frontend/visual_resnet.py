"""Visual front end: a spatio-temporal stem and a ResNet-18 over the mouth frames that exist."""

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
from espnet_av.modules.frontend.shortcut import ShortcutConv
from espnet_av.ops.lengths import neighbour_index

STEM_RADIUS = 2
"""Neighbouring frames on each side that the stem sees."""


@dataclass(frozen=True, kw_only=True)
class ResNetConfig:
    """ResNet front end; the defaults are the 11.2 M parameters of AV-HuBERT and auto_avsr."""

    width: int = 64
    """Channels of the stem; the four stages have 1, 2, 4 and 8 times as many."""
    image_pool: Literal[1, 2] = 1
    """2: average each 2x2 pixels first, which costs a quarter (small models, CPU)."""
    stem_pool: bool = True
    """3x3 maximum pooling of stride 2 after the stem."""
    activation: Literal["prelu", "relu", "swish"] = "prelu"
    """`prelu` as published by AV-HuBERT, `swish` as by auto_avsr; `relu` is far faster on a CPU."""
    zero_init_residual: bool = False
    """Start each residual branch at zero (last batch-norm scale of the block)."""

    def __post_init__(self) -> None:
        if self.width < 1:
            msg = f"resnet: width is {self.width}; 64 is the published size"
            raise ConfigError(msg)


class ResNetFrontend(AbsVisualFrontend):
    """Stem and ResNet-18 over packed frames.

    The 3-D stem has one input channel and temporal stride 1, so it equals a 2-D convolution whose
    channels are the five neighbouring frames. That lets stem, batch norm and trunk all run on the
    packed frames of the batch.

    Args:
        config: see `ResNetConfig`.
        output_size: D.
    """

    @typechecked
    def __init__(self, config: ResNetConfig, output_size: int) -> None:
        super().__init__(config.image_pool, output_size)
        self.stem = Stem(config)
        self.trunk = make_trunk(config)
        self.project = nn.Linear(8 * config.width, output_size)
        initialise_convolutions(self)
        if config.zero_init_residual:
            for module in self.modules():
                if isinstance(module, ResidualBlock):
                    nn.init.zeros_(module.bn2.weight)

    def compute(self, pixels: Tensor, lengths: Tensor) -> Tensor:
        """(N, H, W) float, (B,) -> (N, D)."""
        neighbours = neighbour_index(lengths, STEM_RADIUS).to(pixels.device, non_blocking=True)
        hidden = self.trunk(self.stem(pixels, neighbours))
        # (N, 8 * width, H', W') -> (N, D)
        return self.project(hidden.mean(dim=(2, 3)))


class Stem(nn.Module):
    """Conv3d 5x7x7 of stride (1, 2, 2), batch norm, activation and optional pooling."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        # Holds the weight in its published 5-D shape (width, 1, 5, 7, 7).
        self.conv = nn.Conv3d(
            1, config.width, (2 * STEM_RADIUS + 1, 7, 7), (1, 2, 2), (STEM_RADIUS, 3, 3), bias=False
        )
        self.bn = FrameBatchNorm(config.width)
        self.act = make_activation(config.activation, config.width)
        self.pool = nn.MaxPool2d(3, 2, 1) if config.stem_pool else nn.Identity()

    def forward(self, frames: Tensor, neighbours: Tensor) -> Tensor:
        """(N, H, W) normalised, (N, 5) positions (N = no such frame) -> (N, width, H', W')."""
        # Beyond the ends of a clip the kernel sees zeros, which are mid-grey after normalisation.
        padded = torch.cat([frames, frames.new_zeros(1, *frames.shape[1:])])
        # (N, 5, H, W); the 5 neighbours are the channels of a 2-D convolution
        stacked = padded[neighbours].contiguous(memory_format=torch.channels_last)
        hidden = F.conv2d(stacked, self.conv.weight.squeeze(1), stride=2, padding=3)
        return self.pool(self.act(self.bn(hidden)))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, added to the input.

    Args:
        in_channels: channels that come in.
        channels: channels of both convolutions.
        stride: of the first convolution.
        activation: see `ResNetConfig.activation`.
    """

    def __init__(self, in_channels: int, channels: int, stride: int, activation: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = FrameBatchNorm(channels)
        self.relu1 = make_activation(activation, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = FrameBatchNorm(channels)
        self.relu2 = make_activation(activation, channels)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(
                ShortcutConv(in_channels, channels, stride), FrameBatchNorm(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride)."""
        hidden = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(hidden)) + self.downsample(x))


def make_trunk(config: ResNetConfig) -> nn.Sequential:
    """The four stages of ResNet-18, two blocks each."""
    blocks: list[nn.Module] = []
    in_channels = config.width
    for stage in range(4):
        channels = config.width * 2**stage
        stride = 1 if stage == 0 else 2
        blocks.append(
            nn.Sequential(
                ResidualBlock(in_channels, channels, stride, config.activation),
                ResidualBlock(channels, channels, 1, config.activation),
            )
        )
        in_channels = channels
    return nn.Sequential(*blocks)


def make_activation(name: str, channels: int) -> nn.Module:
    """The non-linearity `name`; PReLU learns one slope per channel."""
    if name == "prelu":
        return nn.PReLU(channels)
    return nn.ReLU(inplace=True) if name == "relu" else nn.SiLU(inplace=True)
