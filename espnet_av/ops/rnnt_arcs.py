"""Log-probabilities of a transducer's arcs from the joiner's logits, without a copy of them.

The logits are by far the largest tensor of a transducer. A softmax of all of them, kept for its
gradient, would be a second one of their size, and the gradients of two gathers a third and fourth.
Here they are read block by block, and the gradient is written once.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK_SIZE = {"cpu": 1 << 18}
"""Logits of one block: on a CPU as many as stay in its cache."""
LARGE_BLOCK = 1 << 25
"""On other devices: large enough to keep them busy, small beside the logits."""

ArcBlock = tuple[slice, slice, slice]
"""Utterances, frames and rows."""


def arc_scores(
    logits: Tensor,
    labels: Tensor,
    frame_lengths: Tensor,
    row_lengths: Tensor,
    blank: int = 0,
    *,
    overwrite: bool = False,
) -> tuple[Tensor, Tensor]:
    """Log-softmax of the logits, at the label and at the blank of each cell.

    Args:
        logits: (B, T, N, V) float16, bfloat16, float32 or float64; arbitrary beyond the lengths.
        labels: (B, T, N) int64 in 0..V-1.
        frame_lengths: (B,) int64 on the CPU.
        row_lengths: (B,) int64 on the CPU, how many of the N rows each utterance has.
        blank: id of the blank.
        overwrite: write the gradient over the logits, which saves a tensor of their size. Autograd
            raises if something else still needs them.

    Returns:
        Two (B, T, N) float64, of the label and of the blank; 0 or arbitrary beyond the lengths.
    """
    blocks = list(_blocks(logits, frame_lengths.tolist(), row_lengths.tolist()))
    return _ArcScores.apply(logits, labels, blocks, frame_lengths, row_lengths, blank, overwrite)


class _ArcScores(torch.autograd.Function):
    """With g and h the gradients by the two results: g e_label + h e_blank - (g + h) softmax."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        labels: Tensor,
        blocks: list[ArcBlock],
        frame_lengths: Tensor,
        row_lengths: Tensor,
        blank: int,
        overwrite: bool,
    ) -> tuple[Tensor, Tensor]:
        precision = torch.promote_types(logits.dtype, torch.float32)
        normaliser = logits.new_zeros(logits.shape[:3], dtype=precision)
        for block in blocks:
            normaliser[block] = logits[block].to(precision).logsumexp(dim=3)
        ctx.save_for_backward(logits, labels, normaliser)
        ctx.settings = blocks, frame_lengths, row_lengths, blank, overwrite
        exact = normaliser.double()
        at_label = logits.gather(3, labels.unsqueeze(3)).squeeze(3)
        return at_label - exact, logits[..., blank] - exact

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_label: Tensor, by_blank: Tensor) -> tuple[Tensor | None, ...]:
        logits, labels, normaliser = ctx.saved_tensors
        blocks, frame_lengths, row_lengths, blank, overwrite = ctx.settings
        grad = logits if overwrite else torch.empty_like(logits)
        weight = -(by_label + by_blank).to(normaliser.dtype).unsqueeze(3)
        for block in blocks:
            shift = normaliser[block].unsqueeze(3)
            if grad.dtype == shift.dtype:
                torch.sub(logits[block], shift, out=grad[block]).exp_().mul_(weight[block])
            else:
                grad[block] = (logits[block] - shift).exp_().mul_(weight[block])
        grad.scatter_add_(3, labels.unsqueeze(3), by_label.to(grad.dtype).unsqueeze(3))
        grad[..., blank] += by_blank.to(grad.dtype)
        for row, num_frames, num_rows in zip(
            grad, frame_lengths.tolist(), row_lengths.tolist(), strict=True
        ):
            row[num_frames:].zero_()
            row[:num_frames, num_rows:].zero_()
        return (grad, *[None] * 6)


def _blocks(logits: Tensor, num_frames: list[int], num_rows: list[int]) -> Iterator[ArcBlock]:
    """Cuts a batch into blocks that cover every cell inside the lengths."""
    limit = BLOCK_SIZE.get(logits.device.type, LARGE_BLOCK)
    batch_size, *shape = logits.shape
    together = max(1, limit // max(1, shape[0] * shape[1] * shape[2]))
    for first in range(0, batch_size, together):
        chosen = slice(first, first + together)
        longest, most = max(num_frames[chosen]), max(num_rows[chosen])
        step = max(1, limit // max(1, together * most * shape[2]))
        for start in range(0, longest, step):
            yield chosen, slice(start, min(start + step, longest)), slice(0, most)
