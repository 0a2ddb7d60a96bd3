"""What the vectors stage makes, and how (`conf/vectors.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from espnet_av.errors import ConfigError

SentencePooling = Literal["pooler", "mean", "cls"]
POOLINGS: tuple[SentencePooling, ...] = get_args(SentencePooling)


@dataclass(frozen=True, kw_only=True)
class VectorsConfig:
    """Vectors of sentences, of length 1."""

    pooling: SentencePooling = "pooler"
    """`pooler`: the encoder's own, as LaBSE is used; `mean` of all tokens, or the first one's."""
    max_tokens: int = 256
    """Longer sentences are cut."""
    batch_size: int = 64
    """Sentences that are computed together, of similar length."""
    model_id: str = ""
    """Name of the encoder for the report, where its folder does not tell."""
    revision: str = ""
    """Its revision, likewise."""
    text_lang: str | None = None
    """Language of the translations whose vectors are made; null: of the transcripts."""
    shard_sentences: int = 8192
    """Sentences in one archive, the unit of parallel work."""
    max_dropped_ratio: float = 0.01
    """Fail when a larger share of the utterances has a sentence without a vector."""

    def __post_init__(self) -> None:
        for name in ("max_tokens", "batch_size", "shard_sentences"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; at least 1"
                raise ConfigError(msg)
        if not 0 <= self.max_dropped_ratio <= 1:
            msg = f"max_dropped_ratio is {self.max_dropped_ratio}; it is a share between 0 and 1"
            raise ConfigError(msg)
