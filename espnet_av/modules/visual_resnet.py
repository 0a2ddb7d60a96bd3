"""Visual front end: a spatio-temporal stem and a ResNet-18 over the mouth frames that exist."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import AbsFrontend
from espnet_av.errors import ConfigError
from espnet_av.ops.lengths import neighbour_index, packed_index, unpack

PIXEL_MEAN = 0.421
"""Mean grey level of mouth crops in [0, 1] (AV-HuBERT, auto_avsr)."""
PIXEL_STD = 0.165
"""Its standard deviation."""
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


class ResNetFrontend(AbsFrontend):
    """Mouth crops -> one feature vector per frame, computed on valid frames only.

    The 3-D stem has one input channel and temporal stride 1, so it equals a 2-D convolution whose
    channels are the five neighbouring frames. That lets stem, batch norm and trunk all run on the
    packed frames of the batch: padding costs nothing and reaches no statistic.

    Args:
        config: see `ResNetConfig`.
        output_size: D.
    """

    @typechecked
    def __init__(self, config: ResNetConfig, output_size: int) -> None:
        super().__init__()
        self.image_pool = config.image_pool
        self.stem = Stem(config)
        self.trunk = make_trunk(config)
        self.project = nn.Linear(8 * config.width, output_size)
        self._output_size = output_size
        self._initialise(config.zero_init_residual)

    def output_size(self) -> int:
        """D."""
        return self._output_size

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, V, H, W) uint8, (B,) frames -> (B, V, D), (B,); padding is arbitrary, output 0 there.

        `input_lengths` should be on the CPU: packing needs their values on the host.
        """
        lengths = input_lengths.cpu()
        batch_size, max_length = input.shape[:2]
        index = packed_index(lengths, max_length).to(input.device, non_blocking=True)
        # (B, V, H, W) -> (N, H, W)
        frames = input.flatten(0, 1)[index]
        neighbours = neighbour_index(lengths, STEM_RADIUS).to(input.device, non_blocking=True)
        hidden = self.trunk(self.stem(self.normalise(frames), neighbours))
        # (N, 8 * width, H', W') -> (N, D)
        packed = self.project(hidden.mean(dim=(2, 3)))
        return unpack(packed, index, batch_size, max_length), input_lengths

    def normalise(self, frames: Tensor) -> Tensor:
        """(N, H, W) uint8 -> (N, H', W') float of mean 0 and variance 1, pooled if configured."""
        if self.image_pool == 1:
            return frames.float().mul_(1.0 / (255.0 * PIXEL_STD)).sub_(PIXEL_MEAN / PIXEL_STD)
        # Sums of 2x2 pixels in 16-bit integers: several times faster than pooling floats.
        height, width = (size // 2 * 2 for size in frames.shape[1:])
        rows = frames[:, 0:height:2].to(torch.int16) + frames[:, 1:height:2]
        sums = rows[:, :, 0:width:2] + rows[:, :, 1:width:2]
        return sums.float().mul_(1.0 / (4.0 * 255.0 * PIXEL_STD)).sub_(PIXEL_MEAN / PIXEL_STD)

    def _initialise(self, zero_init_residual: bool) -> None:
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Conv3d)):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if zero_init_residual and isinstance(module, ResidualBlock):
                nn.init.zeros_(module.bn2.weight)


class Stem(nn.Module):
    """Conv3d 5x7x7 of stride (1, 2, 2), batch norm, activation and optional pooling."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        # Holds the weight in its published 5-D shape (width, 1, 5, 7, 7).
        self.conv = nn.Conv3d(
            1, config.width, (2 * STEM_RADIUS + 1, 7, 7), (1, 2, 2), (STEM_RADIUS, 3, 3), bias=False
        )
        self.bn = nn.BatchNorm2d(config.width)
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
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = make_activation(activation, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = make_activation(activation, channels)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
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
