"""What the small text models are, and how they learn (`conf/texts_models.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from espnet_av.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class LearningConfig:
    """Steps of AdamW; the rate rises over a tenth of them and then falls to 0."""

    steps: int = 600
    """Updates."""
    batch_size: int = 64
    """Sentences, each in two languages."""
    lr: float = 2.0e-3
    """Highest rate."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 2 or self.lr <= 0.0:
            msg = (
                f"steps {self.steps}, batch_size {self.batch_size}, lr {self.lr}: at least 1, at "
                "least 2, and above 0"
            )
            raise ConfigError(msg)


@dataclass(frozen=True, kw_only=True)
class TextModelsConfig:
    """A text encoder and a translator of one width, over the same pieces."""

    num_pieces: int = 500
    """Pieces that texts are cut into, at most."""
    size: int = 128
    """Width of both."""
    attention_heads: int = 4
    """Of every layer."""
    linear_units: int = 256
    """Of every layer."""
    teacher_layers: int = 1
    """Of the text encoder; the fewer, the more a sentence's vector is the mean of its words'."""
    translator_layers: int = 2
    """Of the translator's encoder, and of its decoder."""
    max_pieces: int = 64
    """Of a sentence."""
    temperature: float = 0.05
    """What cosines are divided by before a sentence is told from the others of its batch."""
    target_langs: tuple[str, ...] = ("en",)
    """Languages to translate into, from all others."""
    num_held_out: int = 200
    """Sentences at the end that neither learns from, for the report."""
    teacher: LearningConfig = field(default_factory=LearningConfig)
    """How the text encoder learns."""
    translator: LearningConfig = field(default_factory=LearningConfig)
    """How the translator learns."""
    seed: int = 0
    """Of weights and batches."""

    def __post_init__(self) -> None:
        if self.size % self.attention_heads:
            msg = f"size {self.size} is no multiple of attention_heads {self.attention_heads}"
            raise ConfigError(msg)
        if self.num_held_out < 2 or not self.target_langs or self.temperature <= 0.0:
            msg = (
                f"num_held_out {self.num_held_out}, target_langs {list(self.target_langs)}, "
                f"temperature {self.temperature}: at least 2, at least one, and above 0"
            )
            raise ConfigError(msg)
