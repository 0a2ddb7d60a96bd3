"""Which of sound and lips a model is asked to use, and which it can."""

from __future__ import annotations

import logging
from typing import Any, Literal, get_args

from espnet_av.data.dataset_config import Modalities
from espnet_av.errors import ConfigError

logger = logging.getLogger(__name__)

Mode = Literal["av", "a", "v"]
AskedMode = Literal["auto", "av", "a", "v"]
"""`auto`: lips where there is a face, and sound where there is sound."""
MODES: tuple[AskedMode, ...] = get_args(AskedMode)
MODALITIES: dict[Mode, Modalities] = {mode: mode.upper() for mode in get_args(Mode)}
_FRONT_ENDS: dict[Mode, str] = {"a": "audio_frontend", "v": "visual_frontend"}


def usable_mode(mode: AskedMode, model: Any) -> AskedMode:
    """The mode, or of `auto` and `av` the half that the model has a front end for.

    Args:
        mode: what is asked for.
        model: with its `config`.

    Raises:
        ConfigError: the mode is misspelt, or the model has no front end for it.
    """
    if mode not in MODES:
        msg = f"mode '{mode}' is none of auto, av (sound and lips), a (sound), v (lips)"
        raise ConfigError(msg)
    lacking = [m for m, part in _FRONT_ENDS.items() if getattr(model.config, part) == "none"]
    if mode in lacking:
        other = "v" if mode == "a" else "a"
        msg = (
            f"mode '{mode}': this model was trained without {_FRONT_ENDS[mode]}; take mode "
            f"'{other}', or another model"
        )
        raise ConfigError(msg)
    if mode in ("auto", "av") and lacking:
        rest: Mode = "a" if lacking == ["v"] else "v"
        if mode == "av":
            logger.warning(
                "the model was trained without %s: mode '%s'", _FRONT_ENDS[lacking[0]], rest
            )
        return rest
    return mode


def mode_of_tracks(mode: AskedMode, has_sound: bool, has_picture: bool) -> Mode:
    """What `auto` means for a file with these tracks; another mode is what it is.

    A file with neither is taken for sound, whose reader tells what is wrong with it.
    """
    if mode != "auto":
        return mode
    if not has_picture:
        return "a"
    return "av" if has_sound else "v"
