"""Audio-visual speech recognition by a transducer: predictor, joiner and their loss."""

from espnet_av.models.transducer.config import TransducerConfig
from espnet_av.models.transducer.model import TransducerModel

__all__ = ["TransducerConfig", "TransducerModel"]
