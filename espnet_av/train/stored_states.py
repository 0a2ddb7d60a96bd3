"""Whether stored states are those of the model that a head is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import AVModel
from espnet_av.models.superb.probe import ProbeModel
from espnet_av.text_file import read_json
from espnet_av.train.frozen_base import checksum

INFO = "decode.json"
"""In the folder of stored states, says what they are; those of other tools have none."""


def told_of_states(model: AVModel, numbers: Sequence[int | None]) -> dict[str, Any]:
    """What tells the states of a model from those of another one, or from others of its own.

    Args:
        model: that computes them.
        numbers: of the layers, see `extract_features`.
    """
    return {
        "states": ["output" if number is None else number for number in numbers],
        "frame_hz": float(model.feature_rate),
        "weights_sha256": checksum(model.state_dict()),
    }


def check_states(model: AVModel, folders: Sequence[Path]) -> None:
    """Check that heads get what the model below them would give.

    Args:
        model: with its weights; others than heads on frozen models pass.
        folders: sets that it is trained and validated on.

    Raises:
        DataDirError: a folder has the states of another model, or other layers.
    """
    if "states" not in model.reads or not isinstance(model, ProbeModel):
        return
    here = told_of_states(model.upstream, model.states)
    for folder in folders:
        if not (folder / INFO).is_file():
            continue
        there = read_json(folder / INFO, DataDirError, _CURE)
        for key, value in here.items():
            if there.get(key) != value:
                what = "the states of other weights" if key == "weights_sha256" else f"other {key}"
                told = "" if key == "weights_sha256" else f" ({there.get(key)}, needed: {value})"
                msg = (
                    f"{folder}: has {what} than the model below this head{told}, which would learn "
                    f"on one model and be tested on another; {_CURE}"
                )
                raise DataDirError(msg)


_CURE = (
    "store the states of that experiment ('espnet-av decode --kind states --exp_dir <upstream>'), "
    "or set model_conf.states: computed"
)
