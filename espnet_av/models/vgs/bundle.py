"""Checkpoints of FaST-VGS and VG-HuBERT: weights of a bundle, and the options of their training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.models.conversion.foreign_object import as_plain
from espnet_av.models.conversion.foreign_pickle import ForeignUnpickler
from espnet_av.models.conversion.torch_file import TorchFile, open_torch_file

BUNDLE, ARGUMENTS = "best_bundle.pth", "args.pkl"
"""Files of a folder that they publish."""
MARKS = {"fast_vgs": "conv1_trm1_trm3.", "vg_hubert": "audio_encoder."}
"""Family -> what the names of its audio side begin with."""
CROSS = "cross_encoder."
"""Before the names of the cross encoder, which a bundle keeps apart."""
_PARALLEL = "module."
"""Before all names in what several devices have trained."""


def read_bundle(path: Path, family: str) -> ForeignCheckpoint:
    """Read a folder with a bundle and `args.pkl`, or the bundle itself.

    Nothing in it is run: pickles are read as data. Optimiser and sampler are not looked at.

    Args:
        path: folder or file.
        family: key of `MARKS`.

    Raises:
        CheckpointError: it is missing, damaged, refused, or of another kind.
    """
    file = path / BUNDLE if path.is_dir() else path
    with open_torch_file(file) as bundle:
        weights = _weights(bundle, file)
    _check_family(weights, family, file)
    return ForeignCheckpoint(
        path=file, style="fairseq", weights=weights, config=_arguments(file.parent / ARGUMENTS)
    )


def _weights(bundle: TorchFile, file: Path) -> dict[str, Tensor]:
    content = bundle.content
    parts = {"": "dual_encoder", CROSS: "cross_encoder"}
    if not isinstance(content, dict) or parts[""] not in content:
        msg = (
            f"{file}: has no dual_encoder, so it is no bundle of FaST-VGS or VG-HuBERT; give the "
            f"folder with {BUNDLE} and {ARGUMENTS}"
        )
        raise CheckpointError(msg)
    return {
        prefix + name.removeprefix(_PARALLEL): tensor
        for prefix, part in parts.items()
        if content.get(part)
        for name, tensor in bundle.tensors(content[part]).items()
    }


def _check_family(weights: dict[str, Tensor], family: str, file: Path) -> None:
    found = [
        name for name, mark in MARKS.items() if any(weight.startswith(mark) for weight in weights)
    ]
    if found != [family]:
        what = f"is a checkpoint of {found[0]}" if found else "has none of its weights"
        cure = f"use --family {found[0]}" if found else "get the file again"
        msg = f"{file}: {what}, not of {family}; {cure}"
        raise CheckpointError(msg)


def _arguments(path: Path) -> dict[str, Any]:
    """Options by name; none if they are not beside the bundle."""
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        options = as_plain(ForeignUnpickler(stream, str(path)).read())
    if not isinstance(options, dict):
        msg = f"{path}: holds no options of a training; copy it again, or remove it"
        raise CheckpointError(msg)
    return options
