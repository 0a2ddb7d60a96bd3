"""Frames to one vector of a sentence: weighted by a learned softmax, projected, bounded."""

import torch
from torch import Tensor, nn

from espnet_av.ops.lengths import valid_mask


class AttentionPooling(nn.Module):
    """Mean of the frames by weights that each frame has of itself (arXiv 2008.01077).

    Args:
        size: D.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.score = nn.Linear(size, 1)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Pools a batch.

        Args:
            frames: (B, T, D), arbitrary beyond each length.
            lengths: (B,) int64 frames, at least 1, on the CPU.

        Returns:
            (B, D); padding has no weight.
        """
        inside = valid_mask(lengths, frames.size(1), frames.device)
        frames = torch.where(inside.unsqueeze(2), frames, 0.0)
        scores = self.score(frames).squeeze(2).float().masked_fill(~inside, -torch.inf)
        weights = scores.softmax(dim=1).to(frames.dtype)
        # (B, 1, T) x (B, T, D) -> (B, D)
        return torch.bmm(weights.unsqueeze(1), frames).squeeze(1)


class SentenceHead(nn.Module):
    """Pooling -> Linear -> tanh, as the pooler of the text encoder that is the teacher.

    Args:
        size: D.
        vector_size: E.
    """

    def __init__(self, size: int, vector_size: int) -> None:
        super().__init__()
        self.pooling = AttentionPooling(size)
        self.project = nn.Linear(size, vector_size)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, D), (B,) as in `AttentionPooling` -> (B, E) in -1..1."""
        return torch.tanh(self.project(self.pooling(frames, lengths)))
