"""What is trained: one folder per model family, each a subclass of ESPnet's AbsESPnetModel."""

from espnet_av.models.avhubert import AVHubertConfig, AVHubertModel
from espnet_av.models.avsr import AVSRConfig, AVSRModel

MODELS = {"avhubert": (AVHubertConfig, AVHubertModel), "avsr": (AVSRConfig, AVSRModel)}
"""Name in the training YAML -> (config, model)."""
