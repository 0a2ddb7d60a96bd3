"""Frame-wise classification: cross-entropy summed over each utterance, and accuracy."""

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.padding import PAD_ID


def frame_cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross-entropy in nats, summed over labelled frames, averaged over utterances.

    The same convention as ESPnet's CTC and attention losses, so that the three can be weighted
    against each other and the number of utterances is the weight of all of them.

    Args:
        logits: (B, T, K).
        labels: (B, T) int64, -1 = ignored.
        smoothing: share of the target spread evenly over all labels.

    Returns:
        () float32.
    """
    total = F.cross_entropy(
        logits.float().flatten(0, 1),
        labels.flatten(),
        ignore_index=PAD_ID,
        reduction="sum",
        label_smoothing=smoothing,
    )
    return total / logits.size(0)


def label_hits(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """How many of the labelled positions have their largest logit at the label.

    Args:
        logits: (B, T, K).
        labels: (B, T) int64, -1 = ignored.

    Returns:
        (hits () int64, labelled positions () int64).
    """
    labelled = labels != PAD_ID
    correct = (logits.detach().argmax(dim=-1) == labels) & labelled
    return correct.sum(), labelled.sum()


def fit_labels(labels: Tensor, num_frames: int) -> Tensor:
    """Cuts or pads (with -1) labels (B, T') to (B, num_frames)."""
    missing = max(0, num_frames - labels.size(1))
    return F.pad(labels[:, :num_frames], (0, missing), value=PAD_ID).to(torch.int64)
