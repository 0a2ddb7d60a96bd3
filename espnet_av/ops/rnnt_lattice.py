"""Lattice of a transducer: the probability of all its paths, and how often each arc is used.

A node (u, t) has read u tokens and stands at frame t. Two arcs leave it: the next token leads to
(u + 1, t), blank to (u, t + 1). A path starts at (0, 0) and ends with the blank after the last
token at the last frame (arXiv 1211.3711). U is the number of tokens of the longest text here.
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

IMPOSSIBLE = -1e6
"""Log-probability that stands for zero. Sums along a row must stay finite: with minus infinity
they would be NaN, and a number much below this one would cost digits even in float64."""


class LatticeScore(NamedTuple):
    """What the lattices of a batch are worth, float64 each."""

    log_likelihood: Tensor
    """(B,) log of the sum over all paths; minus infinity where there is none. Only this one can be
    differentiated."""
    emit_occupation: Tensor
    """(B, U, T) probability that a path takes this token's arc, 0 where there is no such arc. It is
    the gradient of `log_likelihood` by the arc's log-probability."""
    blank_occupation: Tensor
    """(B, U + 1, T), the same of the blank's."""


def score_lattice(
    emit: Tensor, blank: Tensor, frame_lengths: Tensor, target_lengths: Tensor
) -> LatticeScore:
    """Sums over all paths of each utterance.

    One step for each token, each over all frames at once. With c[u, t] the sum of the blanks of
    row u before frame t, p[u] = c[u] + logcumsumexp(p[u - 1] + emit[u - 1] - c[u]). Forward and
    backward probabilities are the same recursion, of the lattice and of its mirror image, and run
    as one batch.

    Args:
        emit: (B, U, T) float, log-probability of token u + 1 at frame t; arbitrary, even NaN,
            beyond the lengths.
        blank: (B, U + 1, T) float, that of the blank after u tokens; likewise.
        frame_lengths: (B,) int64, on any device. An utterance without frames has no path.
        target_lengths: (B,) int64, on any device; 0 is an empty text.
    """
    frames, tokens = (
        lengths.to(blank.device, non_blocking=True) for lengths in (frame_lengths, target_lengths)
    )
    return LatticeScore(*_ForwardBackward.apply(emit.double(), blank.double(), frames, tokens))


class _ForwardBackward(torch.autograd.Function):
    """Occupations are the gradient: nothing of the recursion has to be kept for it."""

    @staticmethod
    def forward(
        ctx: Any, emit: Tensor, blank: Tensor, frames: Tensor, tokens: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        found = _forward_backward(emit, blank, frames, tokens)
        ctx.save_for_backward(*found[1:])
        ctx.mark_non_differentiable(*found[1:])
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, None, None]:
        by_emit, by_blank = ctx.saved_tensors
        return grad[:, None, None] * by_emit, grad[:, None, None] * by_blank, None, None


def _forward_backward(
    emit: Tensor, blank: Tensor, frames: Tensor, tokens: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Log-likelihood and both occupations; see `LatticeScore`."""
    if blank.size(2) == 0:
        nothing = blank.new_full((len(blank),), float("-inf"))
        return nothing, torch.zeros_like(emit), torch.zeros_like(blank)
    inside = (torch.arange(blank.size(2), device=blank.device) < frames[:, None])[:, None]
    row = torch.arange(blank.size(1), device=blank.device)[:, None]
    has_emit = inside & (row[:-1] < tokens[:, None, None])
    has_blank = inside & (row <= tokens[:, None, None])
    emit = torch.where(has_emit, emit, IMPOSSIBLE).clamp(min=IMPOSSIBLE)
    blank = torch.where(has_blank, blank, 0.0).clamp(min=IMPOSSIBLE)
    # In the mirror image a blank is the way into its node, so it counts at once.
    mirrored = torch.where(has_emit, _mirror(emit, tokens, frames), IMPOSSIBLE)
    blanks_before = F.pad(blank.cumsum(dim=2)[:, :, :-1], (1, 0))
    blanks_after = torch.where(has_blank, _mirror(blank, tokens + 1, frames), 0.0).cumsum(dim=2)
    scores = _scan(torch.cat([emit, mirrored]), torch.cat([blanks_before, blanks_after]))
    before, after = scores.chunk(2)
    after = _mirror(after, tokens + 1, frames)
    total = after[:, 0, 0]
    possible = (frames > 0) & ~(total < IMPOSSIBLE / 2)
    ends = row == tokens[:, None, None]
    last = torch.arange(blank.size(2), device=blank.device) == frames[:, None, None] - 1
    beyond = torch.where(
        last, torch.where(ends, 0.0, float("-inf")), F.pad(after[:, :, 1:], (0, 1))
    )
    known = possible[:, None, None]
    sums = total[:, None, None]
    by_emit = torch.where(
        known & has_emit, (before[:, :-1] + emit + after[:, 1:] - sums).exp(), 0.0
    )
    by_blank = torch.where(known & has_blank, (before + blank + beyond - sums).exp(), 0.0)
    return torch.where(possible, total, float("-inf")), by_emit, by_blank


def _scan(emit: Tensor, blanks: Tensor) -> Tensor:
    """(B, U, T) and sums of blanks (B, U + 1, T) -> (B, U + 1, T) log-probability of each node."""
    rows = [blanks[:, 0]]
    for number in range(emit.size(1)):
        here = blanks[:, number + 1]
        rows.append(here + (rows[-1] + emit[:, number] - here).logcumsumexp(dim=1))
    return torch.stack(rows, dim=1)


def _mirror(values: Tensor, num_rows: Tensor, num_frames: Tensor) -> Tensor:
    """Turns each (rows, frames) plane by half, within its own lengths; arbitrary beyond them."""
    index = []
    for dim, lengths in ((1, num_rows), (2, num_frames)):
        steps = torch.arange(values.size(dim), device=values.device)
        index.append((lengths[:, None] - 1 - steps).clamp(min=0))
    batch = torch.arange(len(values), device=values.device)[:, None, None]
    return values[batch, index[0][:, :, None], index[1][:, None]]
