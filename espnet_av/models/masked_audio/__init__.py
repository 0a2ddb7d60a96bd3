"""What wav2vec 2.0 and HuBERT share: convolutions, span mask, transformer."""

from espnet_av.models.masked_audio.config import MaskedAudioConfig
from espnet_av.models.masked_audio.model import MaskedAudioModel, MaskedBatch, MaskedFeatures

__all__ = ["MaskedAudioConfig", "MaskedAudioModel", "MaskedBatch", "MaskedFeatures"]
