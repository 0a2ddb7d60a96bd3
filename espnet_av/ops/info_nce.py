"""Which of two views belong together, among all pairs, asked from both sides."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class InfoNCE(NamedTuple):
    """Of N pairs."""

    loss: Tensor
    """(N,) nats, the mean of both directions; ln M where nothing is known."""
    hits: Tensor
    """(N,) float: 1 if both find their partner, 0.5 if one does, 0 if none."""


def info_nce(
    views: tuple[Tensor, Tensor],
    among: tuple[Tensor, Tensor],
    start: int,
    scale: Tensor | float,
) -> InfoNCE:
    """Cross-entropy of the own partner by cosine similarity (arXiv 2103.00020).

    Args:
        views: both (N, E) of the pairs that are asked for, of any length.
        among: both (M, E) of all pairs.
        start: the first of the N among the M.
        scale: () that similarities are multiplied by.
    """
    own = torch.arange(start, start + len(views[0]), device=views[0].device)
    losses, hits = [], []
    for asked, found in ((views[0], among[1]), (views[1], among[0])):
        scores = F.normalize(asked, dim=1) @ F.normalize(found, dim=1).T * scale
        losses.append(F.cross_entropy(scores, own, reduction="none"))
        best = scores.detach().scatter(1, own[:, None], -torch.inf).amax(dim=1)
        # A partner that others tie with is not found.
        hits.append((scores.detach().gather(1, own[:, None]).squeeze(1) > best).float())
    return InfoNCE((losses[0] + losses[1]) / 2, (hits[0] + hits[1]) / 2)
