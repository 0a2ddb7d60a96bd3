"""Predictors of a transducer by name."""

from typing import Any

from espnet_av.config import build
from espnet_av.modules.transducer.abs_predictor import AbsPredictor
from espnet_av.modules.transducer.lstm_predictor import LSTMPredictor, LSTMPredictorConfig
from espnet_av.modules.transducer.stateless_predictor import (
    StatelessPredictor,
    StatelessPredictorConfig,
)

PREDICTORS: dict[str, tuple[type, type[AbsPredictor]]] = {
    "lstm": (LSTMPredictorConfig, LSTMPredictor),
    "stateless": (StatelessPredictorConfig, StatelessPredictor),
}
"""Name -> (config, module)."""


def build_predictor(name: str, conf: dict[str, Any], vocab_size: int) -> AbsPredictor:
    """Builds a predictor.

    Args:
        name: a key of `PREDICTORS`.
        conf: fields of its config class.
        vocab_size: tokens, blank included.

    Raises:
        ConfigError: a field is unknown (the nearest is named) or wrong.
    """
    config_class, predictor_class = PREDICTORS[name]
    return predictor_class(build(config_class, conf, f"predictor_conf of {name}"), vocab_size)
