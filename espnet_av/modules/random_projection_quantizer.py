"""The frozen quantiser of BEST-RQ: stacked features -> codes to predict."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.ops.random_projection import draw_codebooks, draw_projection, nearest_codes
from espnet_av.ops.seeding import mix_seed


@dataclass(frozen=True, kw_only=True)
class RandomProjectionConfig:
    """Random projection and codebooks; the defaults are BEST-RQ's."""

    num_codebooks: int = 1
    """Independent pairs of projection and codebook; all are predicted. USM has 16, for
    stability."""
    num_entries: int = 8192
    """Entries of a codebook."""
    size: int = 16
    """Channels of the projection and of an entry."""
    seed: int = 0
    """Of projections and codebooks. They belong to the model and not to the run: two runs of
    different seeds can have the same ones."""

    def __post_init__(self) -> None:
        if self.num_codebooks < 1 or self.num_entries < 2 or self.size < 1:
            msg = (
                f"quantizer: num_codebooks {self.num_codebooks}, num_entries {self.num_entries} "
                f"and size {self.size} must be at least 1, 2 and 1; BEST-RQ has 1, 8192 and 16"
            )
            raise ConfigError(msg)


class RandomProjectionQuantizer(nn.Module):
    """Layer norm without weights -> random projection -> nearest entry (arXiv 2202.01855).

    Nothing is learned. Projection and codebooks are saved with the weights, so that a resumed run
    has the same ones even if torch's random numbers should change.

    Args:
        input_size: D of the features.
        config: see `RandomProjectionConfig`.
    """

    projection: Tensor
    codebooks: Tensor

    @typechecked
    def __init__(self, input_size: int, config: RandomProjectionConfig) -> None:
        super().__init__()
        self.config = config
        shape = (config.num_codebooks, config.num_entries, config.size)
        projection = draw_projection(shape[0], input_size, shape[2], mix_seed(config.seed, 0))
        codebooks = draw_codebooks(*shape, mix_seed(config.seed, 1))
        device = torch.get_default_device()
        self.register_buffer("projection", projection.to(device))
        self.register_buffer("codebooks", codebooks.to(device))

    def forward(self, features: Tensor) -> Tensor:
        """(N, D) float -> (N, G) int64 codes."""
        # Without it loud and quiet stacks, not their shapes, would decide over the codes.
        features = F.layer_norm(features.float(), features.shape[-1:])
        return nearest_codes(features, self.projection, self.codebooks)
