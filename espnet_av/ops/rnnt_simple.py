"""Transducer whose joiner only adds: cheap enough for all nodes, it shows where the paths go.

Its logits are am[t] + lm[u] (arXiv 2206.13236, section 3). They are never built: the normaliser of
all nodes is one product of matrices.
"""

import torch
from torch import Tensor

from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.rnnt_lattice import LatticeScore, score_lattice

TINY = torch.finfo(torch.float64).tiny
"""Instead of the logarithm of zero."""

Arcs = tuple[Tensor, Tensor]
"""Log-probabilities of the tokens (B, U, T) and of the blanks (B, U + 1, T); either may have size 1
where it is the same for all rows or frames."""


def simple_score(
    am: Tensor,
    lm: Tensor,
    targets: Tensor,
    frame_lengths: Tensor,
    target_lengths: Tensor,
    blank: int = 0,
    *,
    lm_only_scale: float = 0.0,
    am_only_scale: float = 0.0,
) -> LatticeScore:
    """Scores the lattices of the additive joiner, with its arcs smoothed (arXiv 2206.13236, eq. 9).

    An arc is worth (1 - lm_only_scale - am_only_scale) of its log-probability, plus the first
    scale of what the text alone says of it, plus the second one of what the frame says together
    with the utterance's mean distribution of tokens. That mean is over this utterance, not the
    batch, so that no utterance depends on its neighbours.

    Args:
        am: (B, T, V) float, logits of the frames.
        lm: (B, U + 1, V) float, logits of the text so far.
        targets: (B, U) int64, negative in the padding.
        frame_lengths: (B,) int64 on the CPU.
        target_lengths: (B,) int64 on the CPU.
        blank: id of the blank.
        lm_only_scale: share of the text alone, 0.25 in icefall's recipes.
        am_only_scale: share of the frames alone.
    """
    frames = valid_mask(frame_lengths, am.size(1), am.device).unsqueeze(2)
    rows = valid_mask(target_lengths + 1, lm.size(1), lm.device).unsqueeze(2)
    # Float64: sums over tokens that one side thinks impossible would vanish in float32.
    am, lm = torch.where(frames, am.double(), 0.0), torch.where(rows, lm.double(), 0.0)
    labels = targets.clamp(min=0)
    emit, blanks = _joint_arcs(am, lm, labels, blank)
    kept = 1.0 - lm_only_scale - am_only_scale
    emit, blanks = kept * emit, kept * blanks
    if lm_only_scale:
        emit_lm, blank_lm = _text_arcs(lm, labels, blank)
        emit, blanks = emit + lm_only_scale * emit_lm, blanks + lm_only_scale * blank_lm
    if am_only_scale:
        emit_am, blank_am = _frame_arcs(am, lm, rows, labels, blank)
        emit, blanks = emit + am_only_scale * emit_am, blanks + am_only_scale * blank_am
    return score_lattice(emit, blanks, frame_lengths, target_lengths)


def _joint_arcs(am: Tensor, lm: Tensor, labels: Tensor, blank: int) -> Arcs:
    """Log-softmax of am + lm at the labels and at the blank."""
    am_max, lm_max = (part.detach().amax(dim=2, keepdim=True) for part in (am, lm))
    # (B, U + 1, V) @ (B, V, T) -> (B, U + 1, T)
    sums = (lm - lm_max).exp() @ (am - am_max).exp().transpose(1, 2)
    normaliser = sums.clamp(min=TINY).log() + lm_max + am_max.transpose(1, 2)
    emit = _at_labels(am, labels) + _own_label(lm, labels) - normaliser[:, :-1]
    return emit, am[:, None, :, blank] + lm[:, :, None, blank] - normaliser


def _text_arcs(lm: Tensor, labels: Tensor, blank: int) -> Arcs:
    """Log-softmax of lm alone, the same at each frame."""
    scores = lm.log_softmax(dim=2)
    return _own_label(scores, labels), scores[:, :, None, blank]


def _frame_arcs(am: Tensor, lm: Tensor, rows: Tensor, labels: Tensor, blank: int) -> Arcs:
    """Log-softmax of am plus the log of the utterance's mean distribution: the same in each row."""
    mean = (lm.softmax(dim=2) * rows).sum(dim=1, keepdim=True) / rows.sum(dim=1, keepdim=True)
    scores = (am + mean.clamp(min=TINY).log()).log_softmax(dim=2)
    return _at_labels(scores, labels), scores[:, None, :, blank]


def _at_labels(frames: Tensor, labels: Tensor) -> Tensor:
    """(B, T, V), (B, U) -> (B, U, T): each frame at each label."""
    index = labels.unsqueeze(1).expand(-1, frames.size(1), -1)
    return frames.gather(2, index).transpose(1, 2)


def _own_label(rows: Tensor, labels: Tensor) -> Tensor:
    """(B, U + 1, V), (B, U) -> (B, U, 1): each row at the label that follows it."""
    return rows[:, :-1].gather(2, labels.unsqueeze(2))
