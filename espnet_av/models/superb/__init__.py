"""SUPERB: small heads on the frozen layers of any pre-trained model."""

from espnet_av.models.superb.config import (
    DiarizationConfig,
    IntentConfig,
    KeywordConfig,
    PhoneConfig,
)
from espnet_av.models.superb.diarization import DiarizationModel
from espnet_av.models.superb.intent import IntentModel
from espnet_av.models.superb.keyword import KeywordModel
from espnet_av.models.superb.phone import PhoneModel

__all__ = [
    "DiarizationConfig",
    "DiarizationModel",
    "IntentConfig",
    "IntentModel",
    "KeywordConfig",
    "KeywordModel",
    "PhoneConfig",
    "PhoneModel",
]
