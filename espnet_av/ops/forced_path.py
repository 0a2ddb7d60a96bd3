"""The best path of a CTC layer through a text."""

from __future__ import annotations

import torch
from torch import Tensor


def forced_path(log_probs: Tensor, tokens: Tensor, blank: int = 0) -> Tensor:
    """Which label every frame has on the most likely path that reads the tokens.

    Of paths that are as likely, the one that goes on later.

    Args:
        log_probs: (T, K) float, log-softmax, without padding.
        tokens: (L,) int64, no blanks; 0 < L, and T >= L + the number of tokens that repeat the
            one before.
        blank: id of the blank label.

    Returns:
        (T,) int64.
    """
    states = torch.full((2 * len(tokens) + 1,), blank, dtype=torch.int64)
    states[1::2] = tokens.cpu()
    # A blank may be left out between two tokens that differ.
    skips = torch.zeros(len(states), dtype=torch.bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    emitted = log_probs.detach().float().cpu()[:, states]
    # Of each step: how many states the best way to a state has gone forward.
    moves = torch.zeros(emitted.shape, dtype=torch.int64)
    best = torch.full((len(states) + 2,), -torch.inf)
    best[2:4] = emitted[0, :2]
    skipped = torch.where(skips, 0.0, -torch.inf)
    for frame in range(1, len(emitted)):
        ways = torch.stack([best[2:], best[1:-1], best[:-2] + skipped])
        value, moves[frame] = ways.max(0)
        best[2:] = value + emitted[frame]
    state = len(states) - 1 - int(best[-2] >= best[-1])
    path = []
    for frame in range(len(emitted) - 1, -1, -1):
        path.append(int(states[state]))
        state -= int(moves[frame, state])
    return torch.tensor(path[::-1])
