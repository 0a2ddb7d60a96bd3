"""Visually grounded speech: HuBERT that also learns which image is spoken of (VGS+)."""

from espnet_av.models.vgs.config import VGSConfig
from espnet_av.models.vgs.model import VGSModel

__all__ = ["VGSConfig", "VGSModel"]
