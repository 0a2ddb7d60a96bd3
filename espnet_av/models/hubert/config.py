"""Configuration of HuBERT pre-training, in the shape of an ESPnet training YAML."""

from dataclasses import dataclass

from espnet_av.errors import ConfigError
from espnet_av.models.masked_audio import MaskedAudioConfig


@dataclass(frozen=True, kw_only=True)
class HubertConfig(MaskedAudioConfig):
    """HuBERT (arXiv 2106.07447).

    Iterations differ in their units alone: 100 k-means clusters of MFCC, then 500 of layer 6 of the
    model before.
    """

    unmasked_weight: float = 0.0
    """alpha: weight of the frames that are not masked."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unmasked_weight < 0.0:
            msg = f"unmasked_weight is {self.unmasked_weight}; it must be 0 or more"
            raise ConfigError(msg)
