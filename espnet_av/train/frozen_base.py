"""Weights that a run does not change: once in its folder, not in every file of its best models.

Such a file holds the weights that learn, and which base they belong to: name and checksum of the
file with the frozen ones, which is beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.fingerprint import fingerprint

BASE = "frozen.pth"
_NOTE = "frozen_base"


def checksum(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, types, shapes and values, whatever the file that holds them."""
    return fingerprint(
        part
        for name, value in sorted(weights.items())
        for part in (f"{name} {value.dtype} {tuple(value.shape)}\n", _bytes_of(value))
    )


def _bytes_of(value: Tensor) -> memoryview:
    return value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data


def frozen_part(weights: Mapping[str, Tensor], frozen: Collection[str]) -> dict[str, Tensor]:
    """What is frozen of a state dict."""
    return {name: value for name, value in weights.items() if name in frozen}


def without_base(weights: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Any]:
    """What to write: weights that `base` does not have, or has with other values, and its name."""
    learnt = {
        name: value
        for name, value in weights.items()
        if name not in base or value.dtype != base[name].dtype or not torch.equal(value, base[name])
    }
    return {"state_dict": learnt, _NOTE: {"file": BASE, "sha256": checksum(base)}}


def base_path(content: Any, path: Path) -> Path | None:
    """The base that the content of a weights file is to be put together with; None: it is whole.

    Raises:
        CheckpointError: the base is gone.
    """
    if not isinstance(content, dict) or _NOTE not in content:
        return None
    base = path.resolve().parent / BASE
    if not base.is_file():
        msg = (
            f"{path}: holds the weights that learnt; the frozen ones are in {BASE} beside it, "
            "which is gone; copy both, or bring it back (a run that goes on writes it again)"
        )
        raise CheckpointError(msg)
    return base


def put_together(
    content: Mapping[str, Any], base: Mapping[str, Tensor], path: Path
) -> dict[str, Tensor]:
    """The whole state dict.

    Raises:
        CheckpointError: the base is another one.
    """
    if checksum(base) != content[_NOTE]["sha256"]:
        msg = (
            f"{path}: belongs to another {BASE} than the one beside it (its checksum differs); "
            "bring back the one that was written with it"
        )
        raise CheckpointError(msg)
    return {**base, **content["state_dict"]}
