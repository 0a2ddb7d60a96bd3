"""Frame labels of a recogniser: losses of the head on the encoder and of those on front ends."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from espnet_av.models.recogniser.config import RecogniserConfig
from espnet_av.models.recogniser.encoded import Encoded
from espnet_av.modules.statistics import Weighted
from espnet_av.modules.zero_gradient import zero_touch
from espnet_av.ops.frame_loss import fit_labels, frame_cross_entropy, label_hits
from espnet_av.ops.lengths import valid_mask
from espnet_av.padding import PAD_ID


def units_losses(
    config: RecogniserConfig,
    units_head: nn.Module | None,
    frontend_heads: nn.ModuleDict,
    encoded: Encoded,
    units: Tensor,
) -> Iterator[tuple[Tensor, dict[str, Weighted]]]:
    """Weighted frame-label losses, 0 without labels, each with its statistics.

    Args:
        config: weights and smoothing.
        units_head: D -> K of the encoder's output, or None.
        frontend_heads: D -> K of the front ends `audio` and `visual`.
        encoded: output of the encoder for R rows, and the streams it was made of.
        units: (B, T) int64, -1 = no label.

    Yields:
        (loss () float32, statistics), of a front end over the utterances whose stream is computed.
    """
    fused, smoothing = encoded.fused, config.units_smoothing
    if units_head is not None:
        labels = units[fused.rows.to(units.device, non_blocking=True)]
        loss, hits = units_loss(units_head, encoded.out, encoded.lengths, labels, smoothing)
        found = {"loss_units": encoded.per_utterance(loss), "acc_units": hits}
        yield config.units_weight * loss, found
    for name, head in frontend_heads.items():
        stream, present = fused.streams[name], fused.present[name]
        if stream is None:
            yield zero_touch(head), {}
            continue
        lengths = torch.where(present, fused.lengths[: present.numel()], 0)
        loss, hits = units_loss(head, stream, lengths, units, smoothing)
        # A sum over those that have the stream, divided by all of them.
        nats = Weighted(loss.detach() * len(units), (lengths > 0).sum())
        found = {f"loss_{name}_units": nats, f"acc_{name}_units": hits}
        yield config.frontend_units_weight * loss, found


def units_loss(
    head: nn.Module, hidden: Tensor, lengths: Tensor, units: Tensor, smoothing: float
) -> tuple[Tensor, Weighted]:
    """Cross-entropy of the frame labels, and how many frames are right.

    Args:
        head: D -> K.
        hidden: (B, T, D) encoder output.
        lengths: (B,) int64 on the CPU.
        units: (B, T') int64, -1 = no label; cut or padded to T.
        smoothing: label smoothing.

    Returns:
        (loss (), right frames of the labelled ones).
    """
    inside = valid_mask(lengths, hidden.size(1), hidden.device)
    # Padding is arbitrary, and a head that sees several frames would read it.
    logits = head(torch.where(inside.unsqueeze(2), hidden, 0.0))
    labels = torch.where(inside, fit_labels(units, hidden.size(1)), PAD_ID)
    return frame_cross_entropy(logits, labels, smoothing), Weighted(*label_hits(logits, labels))
