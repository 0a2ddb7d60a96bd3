"""What is trained: one folder per model family, each a subclass of ESPnet's AbsESPnetModel."""

from espnet_av.models.avhubert import AVHubertConfig, AVHubertModel
from espnet_av.models.avsr import AVSRConfig, AVSRModel
from espnet_av.models.bestrq import BestRQConfig, BestRQModel
from espnet_av.models.hubert import HubertConfig, HubertModel
from espnet_av.models.transducer import TransducerConfig, TransducerModel
from espnet_av.models.wav2vec2 import Wav2Vec2Config, Wav2Vec2PretrainingModel

MODELS = {
    "avhubert": (AVHubertConfig, AVHubertModel),
    "avsr": (AVSRConfig, AVSRModel),
    "bestrq": (BestRQConfig, BestRQModel),
    "hubert": (HubertConfig, HubertModel),
    "transducer": (TransducerConfig, TransducerModel),
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2PretrainingModel),
}
"""Name in the training YAML -> (config, model)."""
