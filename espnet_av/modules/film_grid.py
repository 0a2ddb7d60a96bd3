"""Films as a model takes them: how many frames, of which size, and the boxes they are cut into."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.ops.patches import patchify

MEAN, STD = 0.45, 0.225
"""Of pixels in 0..1."""
_CHANNELS = 3


@dataclass(frozen=True, kw_only=True)
class FilmConfig:
    """What the model sees; the dataset has the same `film_frames` and `film_size`."""

    num_frames: int = 16
    """Frames of a film."""
    size: int = 224
    """Height and width of a frame, in pixels."""
    patch_frames: int = 2
    """Frames of a box."""
    patch_size: int = 16
    """Height and width of a box, in pixels."""

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 1:
            msg = f"film: {vars(self)}; all are at least 1, e.g. 16, 224, 2 and 16"
            raise ConfigError(msg)
        if self.num_frames % self.patch_frames or self.size % self.patch_size:
            msg = (
                f"film: boxes of {self.patch_frames} frames and {self.patch_size} pixels do not "
                f"fill {self.num_frames} frames of {self.size}; use e.g. 2 and 16 with 16 and 224"
            )
            raise ConfigError(msg)

    @cached_property
    def grid(self) -> tuple[int, int, int]:
        """Boxes along time, height and width."""
        side = self.size // self.patch_size
        return (self.num_frames // self.patch_frames, side, side)

    @property
    def num_patches(self) -> int:
        """N: 1568 of 16 frames of 224."""
        return self.grid[0] * self.grid[1] * self.grid[2]

    @property
    def num_values(self) -> int:
        """P, numbers of a box: 1536 of 2 frames of 16."""
        return self.patch_frames * self.patch_size**2 * _CHANNELS

    def patches(self, film: Tensor) -> Tensor:
        """(B, F, H, W, 3) uint8 -> (B, N, P) float32 with about mean 0 and deviation 1."""
        patch = (self.patch_frames, self.patch_size, self.patch_size)
        # As bytes to the new order: floats are four times as much.
        return (patchify(film, patch).float() / 255.0 - MEAN) / STD
