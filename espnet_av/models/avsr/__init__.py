"""Audio-visual speech recognition: what recognisers share, with CTC and attention."""

from espnet_av.models.avsr.config import AVSRConfig
from espnet_av.models.avsr.model import AVSRModel
from espnet_av.modules.frontend.av_frontend_config import ModalityDropoutConfig

__all__ = ["AVSRConfig", "AVSRModel", "ModalityDropoutConfig"]
