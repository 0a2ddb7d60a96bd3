"""What is trained: one folder per model family, each a subclass of ESPnet's AbsESPnetModel."""

from espnet_av.models.avhubert import AVHubertConfig, AVHubertModel
from espnet_av.models.avsr import AVSRConfig, AVSRModel
from espnet_av.models.hubert import HubertConfig, HubertModel
from espnet_av.models.wav2vec2 import Wav2Vec2Config, Wav2Vec2PretrainingModel

MODELS = {
    "avhubert": (AVHubertConfig, AVHubertModel),
    "avsr": (AVSRConfig, AVSRModel),
    "hubert": (HubertConfig, HubertModel),
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2PretrainingModel),
}
"""Name in the training YAML -> (config, model)."""
