"""Frame labels from a front end alone, through a few frames of context."""

import torch
from torch import Tensor, nn
from typeguard import typechecked

CONTEXT = 9
"""Frames that a label is read from: 0.36 s, about a phone or two on each side."""
HIDDEN = 128
"""Channels between the two layers."""


class LocalHead(nn.Module):
    """Convolution over `CONTEXT` frames -> ReLU -> dropout -> labels.

    Args:
        size: D of the features.
        num_labels: K.
        dropout_rate: between the two layers.
    """

    @typechecked
    def __init__(self, size: int, num_labels: int, dropout_rate: float = 0.2) -> None:
        super().__init__()
        self.conv = nn.Conv1d(size, HIDDEN, CONTEXT, padding=CONTEXT // 2)
        self.dropout = nn.Dropout(dropout_rate)
        self.project = nn.Linear(HIDDEN, num_labels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, T, D), zero in the padding -> (B, T, K)."""
        # Full precision: 1-D convolution in bfloat16 fails now and then on CPUs (torch 2.11).
        with torch.autocast(features.device.type, enabled=False):
            # (B, T, D) -> (B, D, T) -> (B, T, HIDDEN)
            hidden = self.conv(features.float().transpose(1, 2)).relu().transpose(1, 2)
            return self.project(self.dropout(hidden))
