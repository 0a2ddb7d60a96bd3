"""Res-DAVEnet: residual convolutions that make frames 16 times as few (arXiv 1911.09602)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.modules.masked_batch_norm import MaskedBatchNorm
from espnet_av.ops.lengths import valid_mask

BLOCKS = 2
"""Residual blocks of a stage; the first one halves the frames."""


@dataclass(frozen=True, kw_only=True)
class ResDavenetConfig:
    """Sizes of Res-DAVEnet."""

    stem: int = 128
    """Channels before the first stage."""
    widths: tuple[int, ...] = (128, 256, 512, 768)
    """Channels of each stage; each halves the frames."""
    kernel: int = 9
    """Taps, an odd number."""

    def __post_init__(self) -> None:
        if min(self.stem, *self.widths, 1) < 1 or not self.widths or self.kernel % 2 != 1:
            msg = (
                f"resdavenet: stem {self.stem}, widths {list(self.widths)} and kernel "
                f"{self.kernel}; sizes are above 0, taps an odd number (128, [128, 256, 512, 768], "
                "9)"
            )
            raise ConfigError(msg)

    @property
    def factor(self) -> int:
        """Frames that become one."""
        return int(2 ** len(self.widths))


class ResDavenet(nn.Module):
    """Linear -> batch norm -> stages of residual blocks; only frames that exist are looked at.

    In the original, padding goes through convolutions and statistics like speech; on a batch
    without padding both are the same.

    Args:
        config: see `ResDavenetConfig`.
        size: D of the frames.
    """

    def __init__(self, config: ResDavenetConfig, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, config.stem)
        self.norm = MaskedBatchNorm(config.stem)
        channels = [config.stem, *config.widths]
        self.blocks = nn.ModuleList(
            _Block(channels[stage] if i == 0 else width, width, config.kernel, halves=i == 0)
            for stage, width in enumerate(config.widths)
            for i in range(BLOCKS)
        )

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pool frames.

        Args:
            x: (B, T, D), arbitrary beyond each length.
            lengths: (B,) int64 frames, at least 1, on the CPU.

        Returns:
            ((B, ceil(T / 2 ** stages), width of the last stage), zero beyond each length;
            (B,) int64 frames that have any of the original ones in their middle, on the CPU).
        """
        # (B, T, D) -> (B, C, T)
        x = self.linear(x).transpose(1, 2)
        x = F.relu(self.norm(x, _frames(lengths, x)))
        for block in self.blocks:
            x, lengths = block(x, lengths)
        return x.transpose(1, 2), lengths


class _Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, in_channels: int, channels: int, kernel: int, halves: bool) -> None:
        super().__init__()
        self.stride, pad = 2 if halves else 1, kernel // 2
        self.conv1 = _conv(in_channels, channels, kernel, padding=pad, stride=self.stride)
        self.norm1 = MaskedBatchNorm(channels)
        self.conv2 = _conv(channels, channels, kernel, padding=pad)
        self.norm2 = MaskedBatchNorm(channels)
        # The original's has a stride; taking the frames out first is the same.
        self.shortcut = _conv(in_channels, channels, 1) if halves else None
        self.shortcut_norm = MaskedBatchNorm(channels) if halves else None

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T), (B,) frames -> (B, C', ceil(T / stride)), (B,) frames."""
        lengths = (lengths + self.stride - 1) // self.stride
        out = self.conv1(x)
        valid = _frames(lengths, out)
        out = F.relu(self.norm1(out, valid))
        out = self.norm2(self.conv2(out), valid)
        if self.shortcut is not None and self.shortcut_norm is not None:
            x = self.shortcut_norm(self.shortcut(x[:, :, :: self.stride]), valid)
        return F.relu(out + x), lengths


def _conv(
    in_channels: int, channels: int, kernel: int, padding: int = 0, stride: int = 1
) -> nn.Conv1d:
    conv = nn.Conv1d(in_channels, channels, kernel, stride, padding, bias=False)
    nn.init.normal_(conv.weight, std=math.sqrt(2.0 / (kernel * channels)))
    return conv


def _frames(lengths: Tensor, x: Tensor) -> Tensor | None:
    """(B, 1, T) bool of (B, C, T); None where nothing is padding."""
    if not bool((lengths < x.size(2)).any()):
        return None
    return valid_mask(lengths, x.size(2), x.device).unsqueeze(1)
