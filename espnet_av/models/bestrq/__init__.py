"""BEST-RQ: predict random-projection codes of masked sound."""

from espnet_av.models.bestrq.config import BestRQConfig
from espnet_av.models.bestrq.model import BestRQModel

__all__ = ["BestRQConfig", "BestRQModel"]
