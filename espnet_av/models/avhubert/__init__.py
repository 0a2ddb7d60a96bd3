"""Audio-visual self-supervision by masked unit prediction: AV-HuBERT, u-HuBERT, XLAVS-R."""

from espnet_av.models.avhubert.config import AVHubertConfig
from espnet_av.models.avhubert.model import AVHubertModel

__all__ = ["AVHubertConfig", "AVHubertModel"]
