"""Gumbel vector quantiser of wav2vec 2.0: each frame becomes one entry of each of G codebooks."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import ConfigError
from espnet_av.ops.codebook import perplexity
from espnet_av.ops.precision import full_precision


@dataclass(frozen=True, kw_only=True)
class QuantizerConfig:
    """Codebooks and the temperature at which their entries are sampled."""

    num_groups: int = 2
    """G: codebooks, one entry is chosen from each."""
    num_entries: int = 320
    """V: entries of a codebook."""
    size: int = 256
    """Channels of the quantised vector, all groups together: 256 base, 768 XLS-R 300M, 1024 XLS-R
    1B and 2B."""
    start_temperature: float = 2.0
    """Temperature of the first update."""
    end_temperature: float = 0.5
    """Where its decay ends: 0.5 base, 0.1 large and XLS-R."""
    temperature_decay: float = 0.999995
    """Factor for each update of the weights."""

    def __post_init__(self) -> None:
        if self.num_groups < 1 or self.num_entries < 2 or self.size % max(self.num_groups, 1):
            msg = (
                f"quantizer: {self.num_groups} groups of {self.num_entries} entries and size "
                f"{self.size}; it needs a group, two entries, and a size that num_groups divides"
            )
            raise ConfigError(msg)
        if not 0.0 < self.end_temperature <= self.start_temperature:
            msg = (
                f"quantizer: the temperature goes from start_temperature {self.start_temperature} "
                f"down to end_temperature {self.end_temperature}, both above 0"
            )
            raise ConfigError(msg)
        if not 0.0 < self.temperature_decay <= 1.0:
            msg = f"quantizer: temperature_decay is {self.temperature_decay}; it must be in 0..1"
            raise ConfigError(msg)


class Quantized(NamedTuple):
    """What the quantiser makes of a batch."""

    vectors: Tensor
    """(B, T, size) float32, the chosen entries one after the other."""
    ids: Tensor
    """(B, T) int64, one number for the combination of entries."""
    prob_perplexity: Tensor
    """(G,) of the distributions before sampling, for the diversity loss."""
    code_perplexity: Tensor
    """(G,) of the entries that are most probable."""


class GumbelQuantizer(nn.Module):
    """Linear -> one entry of each codebook, with a gradient through the sampled distribution.

    Args:
        input_size: channels of the features.
        config: see `QuantizerConfig`.
    """

    @typechecked
    def __init__(self, input_size: int, config: QuantizerConfig) -> None:
        super().__init__()
        self.config = config
        total = config.num_groups * config.num_entries
        self.temperature = config.start_temperature
        # Named and shaped as in fairseq.
        self.vars = nn.Parameter(torch.rand(1, total, config.size // config.num_groups))
        self.weight_proj = nn.Linear(input_size, total)
        nn.init.normal_(self.weight_proj.weight)
        nn.init.zeros_(self.weight_proj.bias)

    def set_update(self, update: int) -> None:
        """Sets the temperature for update number `update`."""
        config = self.config
        decayed = config.start_temperature * config.temperature_decay**update
        self.temperature = max(decayed, config.end_temperature)

    def forward(self, features: Tensor, mask: Tensor, gumbel: Tensor | None) -> Quantized:
        """Quantises every frame.

        Args:
            features: (B, T, input_size) float, arbitrary beyond each length.
            mask: (B, T) bool, frames over which the use of the codebooks is measured.
            gumbel: (B, T, G, V) noise for sampling; None = the most probable entry, which has no
                gradient.
        """
        shape = (self.config.num_groups, self.config.num_entries)
        logits = self.weight_proj(features).unflatten(2, shape).float()
        best = F.one_hot(logits.argmax(dim=3), shape[1])
        chosen, weights = best, best.float()
        if gumbel is not None:
            sampled = torch.softmax((logits + gumbel) / self.temperature, dim=3)
            chosen = F.one_hot(sampled.argmax(dim=3), shape[1])
            # Forward: one entry. Backward: all of them, by their sampled probability.
            weights = chosen.float() + sampled - sampled.detach()
        with full_precision(features.device):
            entries = self.vars.float().view(*shape, -1)
            vectors = torch.einsum("btgv,gvc->btgc", weights, entries).flatten(2)
        radix = shape[1] ** torch.arange(shape[0], device=features.device)
        return Quantized(
            vectors,
            (chosen.argmax(dim=3) * radix).sum(dim=2),
            perplexity(logits.softmax(dim=3), mask),
            perplexity(best, mask),
        )
