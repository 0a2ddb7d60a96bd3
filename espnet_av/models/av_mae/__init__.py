"""AV-MAE: sound and film filled in where they are hidden, or told to belong together, or both."""

from espnet_av.models.av_mae.config import AVMaeConfig
from espnet_av.models.av_mae.model import AVMaeModel

__all__ = ["AVMaeConfig", "AVMaeModel"]
