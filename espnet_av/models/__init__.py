"""What is trained: one folder per model family, each a subclass of `AVModel`."""

from typing import Any

from espnet_av.models.abs_model import AVModel
from espnet_av.models.av_mae import AVMaeModel
from espnet_av.models.avhubert import AVHubertModel
from espnet_av.models.avsr import AVSRModel
from espnet_av.models.bestrq import BestRQModel
from espnet_av.models.hubert import HubertModel
from espnet_av.models.samu import SamuModel
from espnet_av.models.superb import (
    DiarizationModel,
    IntentModel,
    KeywordModel,
    PhoneModel,
)
from espnet_av.models.transducer import TransducerModel
from espnet_av.models.vgs import VGSModel
from espnet_av.models.wav2vec2 import Wav2Vec2PretrainingModel
from espnet_av.registry import Registry

_CLASSES: dict[str, type[AVModel]] = {
    "av_mae": AVMaeModel,
    "avhubert": AVHubertModel,
    "avsr": AVSRModel,
    "bestrq": BestRQModel,
    "hubert": HubertModel,
    "samu": SamuModel,
    "superb_ic": IntentModel,
    "superb_ks": KeywordModel,
    "superb_pr": PhoneModel,
    "superb_sd": DiarizationModel,
    "transducer": TransducerModel,
    "vgs": VGSModel,
    "wav2vec2": Wav2Vec2PretrainingModel,
}


def _problem(name: str, model: Any) -> str | None:
    is_model = isinstance(model, type) and issubclass(model, AVModel)
    return None if is_model else f"{model!r} is no subclass of AVModel"


MODELS: Registry[tuple[Any, type[AVModel]]] = Registry(
    "models",
    {name: (model.config_class, model) for name, model in _CLASSES.items()},
    _problem,
    lambda model: (model.config_class, model),
)
"""Name in the training YAML -> (config, model)."""
