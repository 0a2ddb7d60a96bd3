"""How well speech and image go together, by what each sees in the other (FaST-VGS's fine score)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.modules.bert_layer import NORM_EPS, BertConfig, init_linear
from espnet_av.modules.wav2vec2_layer import Attention


@dataclass(frozen=True, kw_only=True)
class CrossEncoderConfig:
    """The slow, fine score beside that of the vectors."""

    num_layers: int = 2
    """Layers."""
    weight: float = 1.0
    """Of its loss; that of the vectors has `coarse_weight`."""
    coarse_weight: float = 0.1
    """Of the loss of the vectors, where there is a cross encoder."""
    num_candidates: int = 100
    """In retrieval it puts the nearest so many by the vectors in order."""

    def __post_init__(self) -> None:
        if (
            min(self.num_layers, self.num_candidates) < 1
            or min(self.weight, self.coarse_weight) < 0
        ):
            msg = (
                f"cross_encoder: num_layers {self.num_layers} and num_candidates "
                f"{self.num_candidates} are at least 1, weight {self.weight} and coarse_weight "
                f"{self.coarse_weight} at least 0"
            )
            raise ConfigError(msg)


class CrossLayer(nn.Module):
    """Both attend to each other with the same weights, then to themselves (LXMERT).

    Args:
        bert: sizes.
        size: D.
    """

    def __init__(self, bert: BertConfig, size: int) -> None:
        super().__init__()
        bert.check(size)
        heads, rate = bert.attention_heads, bert.attention_dropout_rate
        self.cross = Attention(size, heads, rate)
        self.cross_norm = nn.LayerNorm(size, eps=NORM_EPS)
        self.speech_attn = Attention(size, heads, rate, mixes_heads=False)
        self.image_attn = Attention(size, heads, rate, mixes_heads=False)
        self.speech_block = FeedForward(bert, size)
        self.image_block = FeedForward(bert, size)
        self.dropout = nn.Dropout(bert.dropout_rate)
        init_linear(self, size)

    def forward(
        self, speech: Tensor, speech_mask: Tensor | None, image: Tensor, image_mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """(N, 1 + P, D) and (N, 1 + R, D) of N pairs, with the masks of each -> the same shapes."""
        heard = self.cross_norm(speech + self.dropout(self.cross(speech, image_mask, image)))
        seen = self.cross_norm(image + self.dropout(self.cross(image, speech_mask, speech)))
        # The original has no residual connection here.
        speech = self.speech_block(self.speech_attn(heard, speech_mask))
        return speech, self.image_block(self.image_attn(seen, image_mask))


class FeedForward(nn.Module):
    """Two linear layers with a residual connection and a norm behind it.

    Args:
        bert: sizes.
        size: D.
    """

    def __init__(self, bert: BertConfig, size: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(size, bert.linear_units)
        self.fc2 = nn.Linear(bert.linear_units, size)
        self.norm = nn.LayerNorm(size, eps=NORM_EPS)
        self.dropout = nn.Dropout(bert.dropout_rate)

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, D) -> (N, T, D)."""
        return self.norm(x + self.dropout(self.fc2(F.gelu(self.fc1(x)))))


class CrossEncoder(nn.Module):
    """Layers over pairs, and a score of each from both class vectors.

    Args:
        config: see `CrossEncoderConfig`.
        bert: of its layers.
        size: D.
    """

    def __init__(self, config: CrossEncoderConfig, bert: BertConfig, size: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(CrossLayer(bert, size) for _ in range(config.num_layers))
        self.score = nn.Sequential(nn.Linear(2 * size, size), nn.GELU(), nn.Linear(size, 1))
        init_linear(self.score, size)

    def forward(
        self, speech: Tensor, speech_mask: Tensor | None, image: Tensor, image_mask: Tensor | None
    ) -> Tensor:
        """(N, 1 + P, D) and (N, 1 + R, D) of N pairs, with the masks of each -> (N,) scores."""
        for layer in self.layers:
            speech, image = layer(speech, speech_mask, image, image_mask)
        return self.score(torch.cat([speech[:, 0], image[:, 0]], dim=1)).squeeze(1)
