"""Audio-visual speech recognition: front ends, fusion, an ESPnet encoder, CTC and attention."""

from espnet_av.models.avsr.config import AVSRConfig, ModalityDropoutConfig
from espnet_av.models.avsr.model import AVSRModel, Encoded

__all__ = ["AVSRConfig", "AVSRModel", "Encoded", "ModalityDropoutConfig"]
