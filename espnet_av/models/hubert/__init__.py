"""HuBERT: audio-only pre-training by prediction of the units of masked frames."""

from espnet_av.models.hubert.config import HubertConfig
from espnet_av.models.hubert.model import HubertModel

__all__ = ["HubertConfig", "HubertModel"]
