"""Features of an image, of its regions or patches, to one vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.modules.bert_layer import (
    NORM_EPS,
    BertConfig,
    bert_layer,
    class_vector,
    init_linear,
    key_mask,
    precisely,
    projection,
)
from espnet_av.ops.lengths import valid_mask

ImageKind = Literal["regions", "patches", "class_token"]


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """What is known of an image, and what is made of it."""

    kind: ImageKind = "regions"
    """`regions`: what a detector saw in so many boxes, with these (LXMERT has 36 of 2048 numbers);
    `patches`: what a vision transformer gives for all of an image, without boxes; `class_token`:
    its first vector alone, as in VG-HuBERT."""
    feature_size: int = 2048
    """Numbers of a region, or of a patch: 2048 Faster R-CNN, 384 or 768 DINO."""
    num_layers: int = 6
    """Transformer layers over them; `class_token` has none."""

    def __post_init__(self) -> None:
        if self.feature_size < 1 or self.num_layers < 0:
            msg = f"image: feature_size {self.feature_size} and num_layers {self.num_layers}: "
            raise ConfigError(msg + "sizes are above 0, there may be no layers")

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields of a batch that it reads."""
        return ("image", "boxes") if self.kind == "regions" else ("image",)


class EncodedImage(NamedTuple):
    """An image on its way to a score."""

    vector: Tensor
    """(B, E)."""
    parts: Tensor
    """(B, 1 + R, D), the class vector first."""
    mask: Tensor | None
    """(B, 1, 1, 1 + R) bool, True = there is such a part; None: all are."""


class ImageBranch(nn.Module):
    """Parts with their places -> transformer with a class vector in front -> one vector.

    Args:
        config: see `ImageConfig`.
        bert: of its layers.
        size: D.
        vector_size: E.
    """

    def __init__(self, config: ImageConfig, bert: BertConfig, size: int, vector_size: int) -> None:
        super().__init__()
        self.kind = config.kind
        if config.kind == "class_token":
            self.project = projection(size, vector_size, config.feature_size)
            return
        self.embed = PartEmbedding(config, bert.dropout_rate, size)
        self.class_vector = class_vector(size)
        self.layers = nn.ModuleList(bert_layer(bert, size) for _ in range(config.num_layers))
        self.project = projection(size, vector_size)

    def forward(self, image: Tensor, lengths: Tensor, boxes: Tensor | None) -> EncodedImage:
        """Encode images.

        Args:
            image: (B, R, F) float.
            lengths: (B,) int64 parts of each, on the CPU.
            boxes: (B, R, 4) float, x1 y1 x2 y2 in shares of width and height; of regions only.
        """
        if self.kind == "class_token":
            return EncodedImage(precisely(self.project, image[:, 0]), image, None)
        parts = self.embed(image, boxes)
        front = self.class_vector.to(parts.dtype).expand(len(parts), -1, -1)
        parts = torch.cat([front, parts], dim=1)
        mask = None
        if bool((lengths < image.size(1)).any()):
            mask = key_mask(valid_mask(lengths + 1, parts.size(1), parts.device))
        for layer in self.layers:
            parts = layer(parts, mask)
        return EncodedImage(precisely(self.project, parts[:, 0]), parts, mask)


class PartEmbedding(nn.Module):
    """Features, and where they are: the mean of both, each normalised.

    Args:
        config: see `ImageConfig`.
        dropout_rate: on the mean.
        size: D.
    """

    def __init__(self, config: ImageConfig, dropout_rate: float, size: int) -> None:
        super().__init__()
        self.features = nn.Linear(config.feature_size, size)
        self.features_norm = nn.LayerNorm(size, eps=NORM_EPS)
        has_boxes = config.kind == "regions"
        self.boxes = nn.Linear(4, size) if has_boxes else None
        self.boxes_norm = nn.LayerNorm(size, eps=NORM_EPS) if has_boxes else None
        self.dropout = nn.Dropout(dropout_rate)
        init_linear(self, size)

    def forward(self, image: Tensor, boxes: Tensor | None) -> Tensor:
        """(B, R, F), (B, R, 4) -> (B, R, D)."""
        parts = self.features_norm(self.features(image))
        if self.boxes is not None and self.boxes_norm is not None:
            assert boxes is not None
            parts = (parts + self.boxes_norm(self.boxes(boxes))) / 2
        return self.dropout(parts)
