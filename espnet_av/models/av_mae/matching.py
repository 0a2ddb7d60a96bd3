"""The contrastive loss of the pairs of this process among those of all."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from espnet_av.modules.global_batch import gather_rows, num_processes, share_of
from espnet_av.modules.statistics import Weighted, mean_over
from espnet_av.ops.info_nce import info_nce
from espnet_av.ops.precision import full_precision

_MOST_SCALE = math.log(100.0)


class MatchedViews(NamedTuple):
    """Of the pairs of this process."""

    loss: Tensor
    """() nats a pair, the mean of both directions."""
    stats: dict[str, Weighted]
    """`loss_clr`, `clr_of_chance`, `acc_clr` and `scale`."""


def match_views(speech: Tensor, film: Tensor, log_scale: Tensor, training: bool) -> MatchedViews:
    """Tells which film a sound is from, and the other way round.

    Args:
        speech: (B, E).
        film: (B, E).
        log_scale: () logarithm of what similarities are multiplied by; above ln 100 it is that.
        training: the pairs of all processes are negatives of each other; all must call it. In
            validation each batch is for itself.
    """
    with full_precision(speech.device):
        own, start = (speech.float(), film.float()), 0
        among = own
        if training and num_processes() > 1:
            share = share_of(len(speech), speech.device)
            among, start = (gather_rows(own[0], share), gather_rows(own[1], share)), share.start
        scale = log_scale.clamp(max=_MOST_SCALE).exp()
        found = info_nce(own, among, start, scale)
    loss, count = found.loss.mean(), float(len(speech))
    # Of a single pair there is nothing to choose from: ln 1 is 0, and the ratio does not apply.
    chance = torch.full((), count * math.log(len(among[0])), device=loss.device)
    stats = {
        "loss_clr": mean_over(loss, count),
        "clr_of_chance": Weighted(loss.detach() * count, chance),
        "acc_clr": Weighted(found.hits.sum(), count),
        "scale": mean_over(scale, count),
    }
    return MatchedViews(loss, stats)
