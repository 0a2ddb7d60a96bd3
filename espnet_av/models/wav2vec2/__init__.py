"""wav2vec 2.0 and XLS-R: audio-only pre-training by contrast with quantised features."""

from espnet_av.models.wav2vec2.config import Wav2Vec2Config
from espnet_av.models.wav2vec2.model import Wav2Vec2PretrainingModel

__all__ = ["Wav2Vec2Config", "Wav2Vec2PretrainingModel"]
