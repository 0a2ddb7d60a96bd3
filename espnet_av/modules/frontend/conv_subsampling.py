"""ESPnet's convolutions in front of an encoder, under names that no release of it changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from torch import Tensor, nn
from typeguard import typechecked

T = TypeVar("T")
_MOVED = re.compile(r"^((?:.*\.)?audio\.embed\.out)\.(weight|bias)$")


def lasting_names(weights: Mapping[str, T]) -> dict[str, T]:
    """Weights of models that had ESPnet's own module here, under the names of `ConvSubsampling`.

    They were called so in `conv2d8`, and in all of them from ESPnet 202609 on.
    """
    return {_MOVED.sub(r"\1.0.\2", name): value for name, value in weights.items()}


class ConvSubsampling(nn.Module):
    """Convolutions without padding over time and bands, a ReLU behind each, and a linear layer.

    Args:
        num_bands: M, bands that come in.
        output_size: D, also the channels of each convolution.
        stages: (kernel, stride) of each convolution, alike for time and bands.
    """

    @typechecked
    def __init__(self, num_bands: int, output_size: int, stages: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for kernel, stride in stages:
            layers += [nn.Conv2d(channels, output_size, kernel, stride), nn.ReLU()]
            channels, num_bands = output_size, (num_bands - kernel) // stride + 1
        self.conv = nn.Sequential(*layers)
        # ESPnet's positional encoding stood behind the linear layer, as number 1.
        self.out = nn.Sequential(nn.Linear(channels * num_bands, output_size))

    def forward(self, features: Tensor) -> Tensor:
        """(B, windows, M) -> (B, T, D)."""
        # (B, windows, M) -> (B, D, T, M')
        hidden = self.conv(features.unsqueeze(1))
        # (B, D, T, M') -> (B, T, D * M')
        return self.out(hidden.transpose(1, 2).flatten(2))

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *others: Any) -> None:
        """Takes the names of later releases too, of runs that go on from a checkpoint."""
        for name in ("weight", "bias"):
            if f"{prefix}out.{name}" in state_dict:
                state_dict[f"{prefix}out.0.{name}"] = state_dict.pop(f"{prefix}out.{name}")
        super()._load_from_state_dict(state_dict, prefix, *others)
