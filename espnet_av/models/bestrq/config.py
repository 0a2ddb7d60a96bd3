"""Configuration of BEST-RQ pre-training; the keys are those of a recogniser's YAML."""

from dataclasses import dataclass, field
from typing import Any, Literal

from espnet_av.errors import ConfigError
from espnet_av.modules.noise_mask import NoiseMaskConfig
from espnet_av.modules.random_projection_quantizer import RandomProjectionConfig


@dataclass(frozen=True, kw_only=True)
class BestRQConfig:
    """BEST-RQ (arXiv 2202.01855): masked log-mel -> convolutions -> encoder -> codes.

    Targets are made of the sound that a batch has. With `dataset.noise_prob` above 0 that is the
    noisy one, and the model learns to predict the noise too: leave it at 0.
    """

    audio_frontend: Literal["log_mel"] = "log_mel"
    """What turns sound into features."""
    audio_frontend_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class, the same in fine-tuning. Here, spans are masked instead of the
    stripes of `spec_augment`, which must be left out."""
    feature_size: int = 256
    """Size of the features that the encoder gets."""
    dropout_rate: float = 0.1
    """Dropout on them."""
    encoder: Literal["conformer", "causal_conformer", "e_branchformer"] = "conformer"
    """Encoder; `causal_conformer` is for streaming, with `normalise: past` in the front end."""
    encoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments."""
    mask: NoiseMaskConfig = field(default_factory=NoiseMaskConfig)
    """Spans of log-mel windows, at 100 Hz."""
    quantizer: RandomProjectionConfig = field(default_factory=RandomProjectionConfig)
    """What makes codes of four windows."""
    min_perplexity: float = 30.0
    """The run stops when the targets of a codebook have a lower perplexity than this: they are
    almost all the same. Log-mel as it is had 23 of 8192 in a measurement; normalised, hundreds.
    0 = no check."""
    usage_window: int = 100
    """Batches that this perplexity is over, and between two checks."""

    def __post_init__(self) -> None:
        if "spec_augment" in self.audio_frontend_conf:
            msg = (
                "audio_frontend_conf has spec_augment, but BEST-RQ masks spans and nothing else; "
                "leave it out here and set it for fine-tuning"
            )
            raise ConfigError(msg)
        if self.feature_size < 1 or not 0.0 <= self.dropout_rate <= 1.0:
            msg = (
                f"feature_size is {self.feature_size}, dropout_rate {self.dropout_rate}; they must "
                "be above 0 and in 0..1"
            )
            raise ConfigError(msg)
        if self.usage_window < 1 or not 0.0 <= self.min_perplexity < self.quantizer.num_entries:
            msg = (
                f"usage_window is {self.usage_window}, min_perplexity {self.min_perplexity:g}; "
                "they must be at least 1 and in 0.."
                f"{self.quantizer.num_entries}, the entries of a codebook; e.g. 100 and 30, which "
                "is too much for a codebook as small as those of tests"
            )
            raise ConfigError(msg)
