"""SAMU: speech encoders whose utterance vectors mean what a text encoder says of the sentence."""

from espnet_av.models.samu.config import SamuConfig
from espnet_av.models.samu.model import SamuModel

__all__ = ["SamuConfig", "SamuModel"]
