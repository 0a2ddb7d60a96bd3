"""Configuration of wav2vec 2.0 pre-training, in the shape of an ESPnet training YAML."""

from dataclasses import dataclass, field

from espnet_av.errors import ConfigError
from espnet_av.models.masked_audio import MaskedAudioConfig
from espnet_av.modules.quantizer import QuantizerConfig
from espnet_av.modules.span_mask import SpanMaskConfig


@dataclass(frozen=True, kw_only=True)
class Wav2Vec2Config(MaskedAudioConfig):
    """wav2vec 2.0 (arXiv 2006.11477) and XLS-R (2111.09296)."""

    mask: SpanMaskConfig = field(default_factory=lambda: SpanMaskConfig(start_prob=0.065))
    """Spans of masked features."""
    quantizer: QuantizerConfig = field(default_factory=QuantizerConfig)
    """Codebooks of the targets."""
    target_dropout_rate: float = 0.1
    """Dropout on the features that become targets: 0.1 base, 0 large and XLS-R."""
    num_negatives: int = 100
    """Other masked frames of the utterance that each target is told from."""
    diversity_weight: float = 0.1
    """Weight of the share of codebook entries that are not in use."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.target_dropout_rate <= 1.0:
            msg = f"target_dropout_rate is {self.target_dropout_rate}; it must be in 0..1"
            raise ConfigError(msg)
        if self.num_negatives < 1 or self.diversity_weight < 0.0:
            msg = (
                f"num_negatives is {self.num_negatives}, diversity_weight {self.diversity_weight}; "
                "use 1 and 0 or more (wav2vec 2.0 has 100 and 0.1)"
            )
            raise ConfigError(msg)
