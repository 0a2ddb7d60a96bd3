"""Audio-visual speech recognition: front ends, fusion, an ESPnet encoder, CTC and attention."""

from espnet_av.models.avsr.config import AVSRConfig
from espnet_av.models.avsr.encoded import Encoded
from espnet_av.models.avsr.model import AVSRModel
from espnet_av.modules.av_frontend_config import ModalityDropoutConfig

__all__ = ["AVSRConfig", "AVSRModel", "Encoded", "ModalityDropoutConfig"]
