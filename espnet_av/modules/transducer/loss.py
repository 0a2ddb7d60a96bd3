"""Losses of a transducer by name."""

from typing import Any

from espnet_av.config import build
from espnet_av.modules.statistics import COUNT, LOWER
from espnet_av.modules.transducer.abs_loss import AbsTransducerLoss, NoLossConfig
from espnet_av.modules.transducer.full_loss import FullLoss, TorchaudioLoss
from espnet_av.modules.transducer.k2_loss import K2Loss
from espnet_av.modules.transducer.pruned_loss import PrunedLoss, PrunedLossConfig

TRANSDUCER_LOSSES: dict[str, tuple[type, type[AbsTransducerLoss]]] = {
    "full": (NoLossConfig, FullLoss),
    "pruned": (PrunedLossConfig, PrunedLoss),
    "torchaudio": (NoLossConfig, TorchaudioLoss),
    "k2": (PrunedLossConfig, K2Loss),
}
"""Name -> (config, module): the whole lattice, a band of it, and the same two by others."""

LOSS_STATS = {"loss_simple": LOWER, "loss_pruned": LOWER, "transducer_impossible": COUNT}
"""Every statistic that one of them may give."""


def build_transducer_loss(
    name: str, conf: dict[str, Any], encoder_size: int, predictor_size: int, vocab_size: int
) -> AbsTransducerLoss:
    """Builds a loss.

    Args:
        name: a key of `TRANSDUCER_LOSSES`.
        conf: fields of its config class.
        encoder_size: D of the encoder.
        predictor_size: P of the predictor.
        vocab_size: V, blank included.

    Raises:
        ConfigError: a field is unknown (the nearest is named) or wrong, or k2 is missing.
    """
    config_class, loss_class = TRANSDUCER_LOSSES[name]
    config: Any = build(config_class, conf, f"transducer_loss_conf of {name}")
    return loss_class(config, encoder_size, predictor_size, vocab_size)
