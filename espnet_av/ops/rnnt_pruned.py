"""Transducer loss within a band of the lattice: a few rows at each frame (arXiv 2206.13236)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.rnnt_arcs import arc_scores
from espnet_av.ops.rnnt_lattice import IMPOSSIBLE, LatticeScore, score_lattice


class Band(NamedTuple):
    """Which rows of its lattice each utterance keeps at each frame."""

    starts: Tensor
    """(B, T) int64, first row at each frame, on the device of the scores. It starts at 0, never
    falls, and rises by less than the width, so that a path can follow."""
    widths: Tensor
    """(B,) int64 on the CPU, rows at each frame of an utterance."""
    size: int
    """R, the largest of the widths."""

    def rows(self) -> Tensor:
        """(B, T, R) int64, the row of each cell; beyond U where the band is narrower than R."""
        return self.starts.unsqueeze(2) + torch.arange(self.size, device=self.starts.device)


def choose_band(
    score: LatticeScore, frame_lengths: Tensor, target_lengths: Tensor, prune_range: int
) -> Band:
    """Puts the band where most of the probability is.

    At each frame it maximises the share of paths that pass the frame within the band's rows:
    those that leave one of them by a blank, less those that entered the first one at this frame.

    Args:
        score: lattices of the whole batch, from `simple_score`.
        frame_lengths: (B,) int64 on the CPU.
        target_lengths: (B,) int64 on the CPU.
        prune_range: rows at each frame, 2 or more. An utterance with more tokens than such a band
            can climb gets a wider one, a short text only as many rows as it has.
    """
    widths = _widths(frame_lengths, target_lengths, prune_range)
    device = score.blank_occupation.device
    frames, tokens, width = (
        values.to(device, non_blocking=True)[:, None]
        for values in (frame_lengths, target_lengths, widths)
    )
    shares = _shares(score, width, tokens)
    steps = torch.arange(shares.size(2), device=device)
    highest = tokens + 1 - width
    starts = torch.where(steps >= frames - 1, highest, shares.argmax(dim=1))
    # Never fall: as low as any later frame.
    starts = _lowest_to_come(starts)
    # Rise by less than the width: the same, of what is left of the steepest climb.
    climb = (width - 1) * steps
    return Band(climb - _lowest_to_come(climb - starts).clamp(min=0), widths, int(widths.max()))


def pruned_loss(
    logits: Tensor,
    targets: Tensor,
    band: Band,
    frame_lengths: Tensor,
    target_lengths: Tensor,
    blank: int = 0,
    *,
    overwrite_logits: bool = False,
) -> Tensor:
    """Negative log-likelihood of each text over the paths inside the band.

    Never less than `rnnt_loss`, and equal to it if the band is the whole lattice.

    Args:
        logits: (B, T, R, V) float16, bfloat16, float32 or float64, of the cells `band.rows()`;
            arbitrary beyond the lengths and widths.
        targets: (B, U) int64, negative in the padding.
        band: from `choose_band`.
        frame_lengths: (B,) int64 on the CPU.
        target_lengths: (B,) int64 on the CPU.
        blank: id of the blank.
        overwrite_logits: let the backward pass write the gradient over the logits.

    Returns:
        (B,) nats, float32 (float64 for such logits); infinity, with a gradient of zero, for an
        utterance without frames.
    """
    rows, num_rows = band.rows(), targets.size(1) + 1
    # (B, U) -> (B, T, R): what each cell emits.
    following = F.pad(targets.clamp(min=0), (0, 1)).unsqueeze(1).expand(-1, rows.size(1), -1)
    labels = following.gather(2, rows.clamp(max=num_rows - 1))
    emit, blanks = arc_scores(
        logits, labels, frame_lengths, band.widths, blank, overwrite=overwrite_logits
    )
    cell = torch.arange(band.size, device=rows.device)
    width = band.widths.to(rows.device, non_blocking=True)[:, None, None]
    # A token in the topmost row leads out of the band, and so does a blank in a row that the next
    # frame has no more. Elsewhere outside, a blank may cost nothing, since the only way back is by
    # a token: sums along a row then stay small.
    emit = torch.where(cell < width - 1, emit, IMPOSSIBLE)
    stays = rows >= F.pad(band.starts[:, 1:], (0, 1)).unsqueeze(2)
    blanks = torch.where(cell < width, torch.where(stays, blanks, IMPOSSIBLE), 0.0)
    score = score_lattice(
        _spread(emit, rows, num_rows, IMPOSSIBLE)[:, :-1],
        _spread(blanks, rows, num_rows, 0.0),
        frame_lengths,
        target_lengths,
    )
    return -score.log_likelihood.to(torch.promote_types(logits.dtype, torch.float32))


def _widths(frame_lengths: Tensor, target_lengths: Tensor, prune_range: int) -> Tensor:
    """(B,) rows that each utterance's band has."""
    needed = (target_lengths - 1).clamp(min=0) // frame_lengths.clamp(min=1) + 2
    return torch.minimum(needed.clamp(min=prune_range), target_lengths + 1)


def _shares(score: LatticeScore, width: Tensor, tokens: Tensor) -> Tensor:
    """(B, U + 1, T): share of paths inside a band that starts at this row at this frame."""
    left = F.pad(score.blank_occupation.cumsum(dim=1), (0, 0, 1, 0))
    start = torch.arange(left.size(1) - 1, device=left.device)
    above = (start + width).clamp(max=left.size(1) - 1).unsqueeze(2).expand(-1, -1, left.size(2))
    entered = F.pad(score.emit_occupation, (0, 0, 1, 0))
    shares = left.gather(1, above) - left[:, :-1] - entered
    fits = start <= tokens + 1 - width
    return shares.masked_fill(~fits.unsqueeze(2), float("-inf"))


def _lowest_to_come(values: Tensor) -> Tensor:
    """(B, T) -> (B, T): least value of this frame and all after it."""
    return values.flip(1).cummin(dim=1).values.flip(1)


def _spread(values: Tensor, rows: Tensor, num_rows: int, elsewhere: float) -> Tensor:
    """(B, T, R) cells of the band -> (B, U + 1, T) with `elsewhere` outside it."""
    batch_size, num_frames, size = values.shape
    # Cells of a narrower band that lie above the lattice get rows of their own.
    plane = values.new_full((batch_size, num_frames, num_rows + size), elsewhere)
    return plane.scatter(2, rows, values)[:, :, :num_rows].transpose(1, 2)
