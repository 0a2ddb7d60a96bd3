"""ESPnet's `frontend`, `specaug`, `normalize` and input layer as keys of our front end `espnet`."""

from __future__ import annotations

from typing import Any

import humanfriendly

from espnet_av.errors import CheckpointError
from espnet_av.models.espnet_asr.experiment import EspnetExperiment
from espnet_av.modules.frontend.espnet_frontend import SUBSAMPLINGS
from espnet_av.rates import SAMPLE_RATE

_TRANSFORM = ("n_fft", "win_length", "hop_length", "window", "center", "normalized")
_MEL = ("n_mels", "fmin", "fmax", "htk")
_FLAGS = {"global_mvn": {"norm_vars": True}, "utterance_mvn": {"norm_vars": False}}
"""ESPnet's defaults that are not alike."""


def frontend_conf(experiment: EspnetExperiment, notes: list[str]) -> dict[str, Any]:
    """Keys of `EspnetFrontendConfig`; what is not taken over is added to the notes.

    Raises:
        CheckpointError: the front end cannot be represented.
    """
    theirs = experiment.part("frontend")
    _check_transform(experiment, theirs)
    conf = {name: theirs[name] for name in (*_TRANSFORM, *_MEL) if name in theirs}
    normalize = experiment.config.get("normalize", "utterance_mvn")
    conf["normalize"] = normalize or "none"
    if normalize is not None:
        flags = {"norm_means": True, **_FLAGS[normalize], **experiment.part("normalize")}
        conf |= {name: flags[name] for name in ("norm_means", "norm_vars")}
    input_layer = experiment.part("encoder").get("input_layer", "conv2d")
    if input_layer not in SUBSAMPLINGS:
        msg = (
            f"{experiment.path}: input_layer of its encoder is {input_layer}; only "
            f"{', '.join(SUBSAMPLINGS)} can be converted"
        )
        raise CheckpointError(msg)
    conf["input_layer"] = input_layer
    conf["spec_augment"] = _spec_augment(experiment, notes)
    return conf


def _check_transform(experiment: EspnetExperiment, theirs: dict[str, Any]) -> None:
    rate = theirs.get("fs", SAMPLE_RATE)
    rate = humanfriendly.parse_size(rate) if isinstance(rate, str) else rate
    enhancement = theirs.get("frontend_conf") or {}
    asked = [key for key in ("use_wpe", "use_beamformer") if enhancement.get(key)]
    problem = None
    if rate != SAMPLE_RATE:
        problem = f"it was trained at {rate} Hz, sound is 16 kHz here"
    elif asked:
        problem = f"its frontend_conf has {', '.join(asked)}, of which we have none"
    elif not theirs.get("onesided", True) or not theirs.get("apply_stft", True):
        problem = "its front end has apply_stft or onesided: false, which is no log-mel of sound"
    elif experiment.config.get("speech_volume_normalize") is not None:
        problem = "it was trained with speech_volume_normalize, which is not done here"
    if problem is not None:
        msg = f"{experiment.path}: {problem}; it cannot be converted"
        raise CheckpointError(msg)


def _spec_augment(experiment: EspnetExperiment, notes: list[str]) -> dict[str, Any]:
    """ESPnet draws widths below an upper bound, here the widest one is given."""
    if experiment.config.get("specaug") is None:
        return {"num_freq_masks": 0, "num_time_masks": 0}
    theirs = experiment.part("specaug")
    conf: dict[str, Any] = {"num_freq_masks": 0, "num_time_masks": 0}
    lowest: list[float] = []
    if theirs.get("apply_freq_mask", True):
        low, high = _bounds(theirs.get("freq_mask_width_range", (0, 20)))
        conf |= {"num_freq_masks": theirs.get("num_freq_mask", 2), "max_freq_width": int(high) - 1}
        lowest.append(low)
    if theirs.get("apply_time_mask", True):
        conf["num_time_masks"] = theirs.get("num_time_mask", 2)
        if theirs.get("time_mask_width_range") is not None:
            low, high = _bounds(theirs["time_mask_width_range"])
            conf |= {"max_time_ratio": 1.0, "max_time_width": int(high) - 1}
        else:
            low, high = _bounds(theirs.get("time_mask_width_ratio_range") or (0.0, 0.05))
            conf["max_time_ratio"] = float(high)
        lowest.append(low)
    if theirs.get("apply_time_warp", True):
        notes.append("SpecAugment: stripes are taken over, the warping of time is not")
    if any(lowest) or not theirs.get("replace_with_zero", True):
        notes.append("SpecAugment: stripes are as narrow as 0 here, and filled with 0")
    return conf


def _bounds(value: Any) -> tuple[float, float]:
    """ESPnet takes one number for a range from 0."""
    low, high = value if isinstance(value, (list, tuple)) else (0, value)
    return float(low), float(high)
