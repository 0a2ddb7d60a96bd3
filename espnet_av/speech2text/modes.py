"""Which of sound and lips a model is asked to use, and which it can."""

from __future__ import annotations

import logging
from typing import Any, Literal, get_args

from espnet_av.data.dataset_config import Modalities
from espnet_av.errors import ConfigError

logger = logging.getLogger(__name__)

Mode = Literal["av", "a", "v"]
MODALITIES: dict[Mode, Modalities] = {mode: mode.upper() for mode in get_args(Mode)}
_FRONT_ENDS = {"a": "audio_frontend", "v": "visual_frontend"}


def usable_mode(mode: Mode, model: Any) -> Mode:
    """The mode, or of `av` the half that the model has a front end for.

    Args:
        mode: what is asked for.
        model: with its `config`.

    Raises:
        ConfigError: the mode is misspelt, or the model has no front end for it.
    """
    if mode not in MODALITIES:
        msg = f"mode '{mode}' is none of av (sound and lips), a (sound), v (lips)"
        raise ConfigError(msg)
    lacking = [m for m, part in _FRONT_ENDS.items() if getattr(model.config, part) == "none"]
    if mode in lacking:
        other = "v" if mode == "a" else "a"
        msg = (
            f"mode '{mode}': this model was trained without {_FRONT_ENDS[mode]}; take mode "
            f"'{other}', or another model"
        )
        raise ConfigError(msg)
    if mode == "av" and lacking:
        rest: Mode = "a" if lacking == ["v"] else "v"
        logger.warning("the model was trained without %s: mode '%s'", _FRONT_ENDS[lacking[0]], rest)
        return rest
    return mode
