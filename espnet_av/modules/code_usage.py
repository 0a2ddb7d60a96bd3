"""Which codes a quantiser gives over many batches, and an error when it gives hardly any."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.errors import CodebookCollapseError
from espnet_av.ops.codebook import count_perplexity

ENOUGH = 10
"""Codes to be seen for each entry of perplexity that is asked for, before a judgement."""
FADED = 0.36
"""What is left of a code that was last given `window` batches ago, 1 / e."""


class Usage(NamedTuple):
    """Use of the codebooks over about the last `window` batches, () float32 each, their mean."""

    codes: Tensor
    """Entries that were given."""
    perplexity: Tensor
    """Effective number of entries in use."""


class CodeUsage(nn.Module):
    """Counts codes over a sliding window and stops a training whose codes have collapsed.

    The counts fade by 1 / `window` with each batch. They stay on the device; once in `window`
    batches they are looked at, which is the only wait for the device here. All processes count what
    every one of them saw, so they come to the same judgement and none waits for one that has
    stopped. Counts of its own would not last in any of them: under DDP the first process's buffers
    replace those of the others before each update.

    Args:
        num_codebooks: G.
        num_entries: V.
        window: batches.
        min_perplexity: of every codebook; 0 = no check.
    """

    counts: Tensor

    @typechecked
    def __init__(
        self, num_codebooks: int, num_entries: int, window: int, min_perplexity: float
    ) -> None:
        super().__init__()
        self.window, self.min_perplexity = window, min_perplexity
        self.register_buffer("counts", torch.zeros(num_codebooks, num_entries))
        self._unchecked = 0

    def forward(self, counts: Tensor) -> Usage:
        """Adds a batch of each process; all of them must call it equally often.

        Args:
            counts: (G, V) float32, how often each entry was given in this process.

        Raises:
            CodebookCollapseError: a codebook is used too little.
        """
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            counts = counts.clone()
            torch.distributed.all_reduce(counts)
        self.counts.mul_(1.0 - 1.0 / self.window).add_(counts)
        self._unchecked += 1
        if self.min_perplexity > 0.0 and self._unchecked >= self.window:
            self._unchecked = 0
            self._check()
        used = (self.counts > FADED).sum(dim=1).float()
        return Usage(used.mean(), count_perplexity(self.counts).mean())

    def _check(self) -> None:
        """Raises CodebookCollapseError if the counts say so."""
        counts = self.counts
        lowest, codebook = count_perplexity(counts).min(dim=0)
        used, total = (counts[codebook] > FADED).sum(), counts[codebook].sum()
        figures = torch.stack([lowest, codebook.float(), used.float(), total]).tolist()
        perplexity, number, num_used, num_seen = figures
        if num_seen < ENOUGH * self.min_perplexity or perplexity >= self.min_perplexity:
            return
        msg = (
            f"the targets have collapsed: over the last {self.window} batches codebook "
            f"{number:.0f} gave {num_used:.0f} of its {counts.size(1)} codes with a perplexity of "
            f"{perplexity:.1f}, below min_perplexity {self.min_perplexity:g}; there is nothing to "
            "learn from them. Is the sound silent or all alike? Listen to some of the set; where "
            "digital silence is normal set audio_frontend_conf.dither: 3.0e-5. Otherwise try "
            "another quantizer.seed, or lower min_perplexity if the corpus is tiny"
        )
        raise CodebookCollapseError(msg)
