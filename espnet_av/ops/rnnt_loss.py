"""Transducer loss over the whole lattice (arXiv 1211.3711)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.rnnt_arcs import arc_scores
from espnet_av.ops.rnnt_lattice import score_lattice


def rnnt_loss(
    logits: Tensor,
    targets: Tensor,
    frame_lengths: Tensor,
    target_lengths: Tensor,
    blank: int = 0,
    *,
    overwrite_logits: bool = False,
) -> Tensor:
    """Negative log-likelihood of each text, given the joiner's logits.

    Takes the memory of the logits and of their gradient, or of the logits alone with
    `overwrite_logits`. The lattice is summed up in float64.

    Args:
        logits: (B, T, U + 1, V) float16, bfloat16, float32 or float64, before the softmax;
            arbitrary beyond the lengths.
        targets: (B, U) int64, negative in the padding.
        frame_lengths: (B,) int64 on the CPU, at most T.
        target_lengths: (B,) int64 on the CPU, at most U; 0 is an empty text.
        blank: id of the blank.
        overwrite_logits: let the backward pass write the gradient over the logits.

    Returns:
        (B,) nats, float32 (float64 for such logits); infinity, with a gradient of zero, for an
        utterance without frames.
    """
    # (B, U) -> (B, T, U + 1): what each row emits; the last one, nothing.
    labels = F.pad(targets.clamp(min=0), (0, 1)).unsqueeze(1).expand(logits.shape[:3])
    emit, blanks = arc_scores(
        logits, labels, frame_lengths, target_lengths + 1, blank, overwrite=overwrite_logits
    )
    # (B, T, U + 1) -> (B, U + 1, T)
    emit, blanks = emit.transpose(1, 2), blanks.transpose(1, 2)
    score = score_lattice(emit[:, :-1], blanks, frame_lengths, target_lengths)
    return -score.log_likelihood.to(torch.promote_types(logits.dtype, torch.float32))
