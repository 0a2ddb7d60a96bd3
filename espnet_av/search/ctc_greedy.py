"""Best-path CTC decoding with the frame of each token."""

from __future__ import annotations

import torch
from torch import Tensor

from espnet_av.search.hypothesis import Hypothesis


def ctc_greedy(log_probs: Tensor, lengths: Tensor, blank: int = 0) -> list[Hypothesis]:
    """Take the best label of every frame, merge repeats, drop blanks.

    Args:
        log_probs: (B, T, V) float, log-softmax of the CTC layer.
        lengths: (B,) int64, valid frames.
        blank: id of the blank label.

    Returns:
        B hypotheses; `frames` holds the first frame of each token, `score` is the log-probability
        of the best path.
    """
    best, path = log_probs.max(dim=-1)
    valid = torch.arange(path.size(1), device=path.device) < lengths[:, None]
    previous = torch.nn.functional.pad(path[:, :-1], (1, 0), value=blank)
    starts = (path != blank) & (path != previous) & valid
    scores = best.masked_fill(~valid, 0.0).sum(dim=1).tolist()
    hypotheses = []
    for row, begin, score in zip(path.cpu(), starts.cpu(), scores, strict=True):
        frames = begin.nonzero().flatten()
        hypotheses.append(
            Hypothesis(
                tokens=row[frames].tolist(),
                score=score,
                parts={"ctc": score},
                frames=frames.tolist(),
            )
        )
    return hypotheses
