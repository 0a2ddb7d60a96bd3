"""What every audio-visual recogniser shares: front ends, encoder, CTC and frame labels."""

from espnet_av.models.recogniser.config import RecogniserConfig
from espnet_av.models.recogniser.encoded import Encoded
from espnet_av.models.recogniser.model import SHARED_STATS, Recogniser

__all__ = ["SHARED_STATS", "Encoded", "Recogniser", "RecogniserConfig"]
