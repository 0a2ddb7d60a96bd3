"""What is mixed of a frozen model: what its first layer gets, and what each layer gives."""

from __future__ import annotations

from typing import Literal

from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import AVModel

LastState = Literal["output", "layer"]


def state_numbers(model: AVModel, last: LastState = "output") -> list[int | None]:
    """Layers to take: 13 states of wav2vec 2.0 base, 17 of a Conformer of 16 layers.

    Args:
        model: to be mixed.
        last: the output of the encoder, behind its norm if it has one there; or what its last layer
            adds up to, before that norm.

    Raises:
        ConfigError: it has no layers with numbers.
    """
    layers = list(model.layers())
    if not layers:
        msg = f"{type(model).__name__} has no numbered layers to mix; take another model"
        raise ConfigError(msg)
    return [0, *layers[:-1], None if last == "output" else layers[-1]]
