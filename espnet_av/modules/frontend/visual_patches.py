"""Visual front end: the whole mouth as one patch, and one linear layer."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.modules.frontend.abs_visual_frontend import AbsVisualFrontend


@dataclass(frozen=True, kw_only=True)
class LinearPatchConfig:
    """Linear projection of LP-Conformer (arXiv 2302.10915): good enough with very much data."""

    image_size: int = 32
    """Side in pixels that a mouth is resized to: 32 beside sound, 64 for lips alone."""

    def __post_init__(self) -> None:
        if self.image_size < 1:
            msg = f"linear_patch: image_size is {self.image_size}; 32 is the published size"
            raise ConfigError(msg)


class LinearPatchFrontend(AbsVisualFrontend):
    """Resize -> Linear; it sees one frame at a time and leaves everything else to the encoder.

    Args:
        config: see `LinearPatchConfig`.
        output_size: D.
    """

    @typechecked
    def __init__(self, config: LinearPatchConfig, output_size: int) -> None:
        super().__init__(1, output_size)
        self.image_size = config.image_size
        self.project = nn.Linear(config.image_size**2, output_size)

    def compute(self, pixels: Tensor, lengths: Tensor) -> Tensor:
        """(N, H, W) float, (B,) -> (N, D)."""
        size = (self.image_size, self.image_size)
        # Without antialiasing a smaller picture would be made of a few of the pixels only.
        patches = F.interpolate(pixels.unsqueeze(1), size, mode="bilinear", antialias=True)
        return self.project(patches.flatten(1))
