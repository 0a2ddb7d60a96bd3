"""Configuration that wav2vec 2.0 and HuBERT share; the keys are those of a recogniser's YAML."""

from dataclasses import dataclass, field
from typing import Any, Literal

from espnet_av.errors import ConfigError
from espnet_av.modules.span_mask import SpanMaskConfig
from espnet_av.rates import FrameRate


@dataclass(frozen=True, kw_only=True)
class MaskedAudioConfig:
    """Sound -> convolutions -> masked features -> transformer."""

    audio_frontend: Literal["wave"] = "wave"
    """What turns sound into features."""
    audio_frontend_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class; `norm: group_norm` is base, `layer_norm` large and XLS-R."""
    frame_rate: FrameRate = 50
    """Features a second; 50 in every published model."""
    feature_size: int = 768
    """Size of the projected features and of the transformer: 768 base, 1024 large and 300M, 1280
    in 1B, 1920 in 2B."""
    dropout_rate: float = 0.1
    """Dropout on the projected features."""
    encoder: Literal["wav2vec2"] = "wav2vec2"
    """Transformer."""
    encoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments; sizes are those of base if left out."""
    mask: SpanMaskConfig = field(default_factory=SpanMaskConfig)
    """Spans of masked features."""
    features_penalty: float = 10.0
    """Weight of the mean square of the convolutions' output: 10 base, 0 large and XLS-R."""
    projection_size: int = 256
    """Channels in which output and targets are compared: 256 base, 768 in large and 300M, 1024 in
    1B and 2B."""
    temperature: float = 0.1
    """What their cosine similarity is divided by."""

    def __post_init__(self) -> None:
        if "frame_rate" in self.audio_frontend_conf:
            msg = (
                "audio_frontend_conf has a frame_rate; it is a key of the model, leave it out there"
            )
            raise ConfigError(msg)
        if not 0.0 <= self.dropout_rate <= 1.0:
            msg = f"dropout_rate is {self.dropout_rate}; it must be in 0..1"
            raise ConfigError(msg)
        if self.features_penalty < 0.0:
            msg = f"features_penalty is {self.features_penalty}; it must be 0 or more"
            raise ConfigError(msg)
        if self.feature_size < 1 or self.projection_size < 1 or self.temperature <= 0.0:
            msg = (
                f"feature_size is {self.feature_size}, projection_size {self.projection_size}, "
                f"temperature {self.temperature}; all must be above 0 (base: 768, 256 and 0.1)"
            )
            raise ConfigError(msg)
