"""Frames of a transformer layer and its class vector to one vector of what was said."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from espnet_av.modules.bert_layer import (
    BertConfig,
    bert_layer,
    class_vector,
    init_linear,
    key_mask,
    precisely,
    projection,
)
from espnet_av.modules.resdavenet import ResDavenet, ResDavenetConfig
from espnet_av.ops.lengths import valid_mask


class EncodedSpeech(NamedTuple):
    """Speech on its way to a score."""

    vector: Tensor
    """(B, E)."""
    parts: Tensor
    """(B, 1 + P, D), the class vector first."""
    mask: Tensor
    """(B, 1, 1, 1 + P) bool, True = there is such a part."""


class PooledHead(nn.Module):
    """Res-DAVEnet -> one transformer layer with a class vector in front (FaST-VGS+).

    Args:
        config: of the pooling.
        bert: of the layer.
        size: D.
        vector_size: E.
        has_class: the class vector comes out of the transformer below; else it is one of its own.
    """

    def __init__(
        self,
        config: ResDavenetConfig,
        bert: BertConfig,
        size: int,
        vector_size: int,
        has_class: bool,
    ) -> None:
        super().__init__()
        self.factor = config.factor
        self.pooling = ResDavenet(config, size)
        self.of_class = projection(size, size) if has_class else None
        self.class_vector = None if has_class else class_vector(size)
        self.layer = bert_layer(bert, size)
        self.project = nn.Linear(size, vector_size)
        init_linear(self.project, size)

    def forward(self, frames: Tensor, lengths: Tensor, front: Tensor | None) -> EncodedSpeech:
        """Encode speech.

        Args:
            frames: (B, T, D), arbitrary beyond each length.
            lengths: (B,) int64 frames, at least 1, on the CPU.
            front: (B, D) class vector of the transformer, where it has one.
        """
        pooled, _ = self.pooling(frames, lengths)
        if self.of_class is not None:
            assert front is not None
            front = self.of_class(front)
        else:
            assert self.class_vector is not None
            front = self.class_vector[0].expand(len(frames), -1)
        parts = torch.cat([front.to(pooled.dtype).unsqueeze(1), pooled], dim=1)
        # Frames that a pooled one has all of, as in the original; of what is very short, the one.
        num_pooled = (lengths // self.factor).clamp(min=1)
        mask = key_mask(valid_mask(num_pooled + 1, parts.size(1), parts.device))
        parts = self.layer(parts, mask)
        return EncodedSpeech(precisely(self.project, parts[:, 0]), parts, mask)


class ClassHead(nn.Module):
    """The class vector of the transformer alone (VG-HuBERT).

    Args:
        size: D.
        vector_size: E.
    """

    def __init__(self, size: int, vector_size: int) -> None:
        super().__init__()
        self.project = projection(size, vector_size)

    def forward(self, frames: Tensor, lengths: Tensor, front: Tensor | None) -> EncodedSpeech:
        """See `PooledHead`; the parts are the frames as they are."""
        assert front is not None
        parts = torch.cat([front.unsqueeze(1), frames], dim=1)
        mask = key_mask(valid_mask(lengths + 1, parts.size(1), parts.device))
        return EncodedSpeech(precisely(self.project, front), parts, mask)
