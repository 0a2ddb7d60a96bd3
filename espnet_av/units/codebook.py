"""The centres that units stand for, and what they were fitted on."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from espnet_av.atomic import atomic_dir
from espnet_av.errors import ArkError, DataDirError
from espnet_av.fingerprint import fingerprint
from espnet_av.yaml_file import read_yaml_keys

_AGAIN = "run the units stage with --fit again"


@dataclass(frozen=True)
class FitRecord:
    """What a codebook was made from, and how well it fits."""

    fingerprint: str
    """Digest of configuration, features and training set."""
    rate_hz: int
    """Features a second."""
    source: dict[str, Any]
    """What the features are."""
    utterances: int
    frames: int
    """Frames that k-means saw."""
    frame_share: float
    """Share of the utterances' frames that were kept; below 1 when memory was short."""
    inertia: float
    """Mean squared distance of a frame to its centre."""
    num_batches: int
    """Mini-batches until k-means stopped."""
    checksum: str = ""
    """SHA-256 of the centres."""


@dataclass(frozen=True)
class Codebook:
    """K centres in the space of the features."""

    centres: Tensor
    """(K, D) float32 on the CPU."""
    record: FitRecord = field(repr=False)

    def save(self, folder: Path) -> Codebook:
        """Write `centres.npy` and `codebook.yaml`, both or neither; returns what was written."""
        buffer = io.BytesIO()
        np.save(buffer, self.centres.numpy())
        content = buffer.getvalue()
        record = {**asdict(self.record), "checksum": fingerprint([content])}
        with atomic_dir(folder) as temporary:
            (temporary / "centres.npy").write_bytes(content)
            with (temporary / "codebook.yaml").open("w", encoding="utf-8") as stream:
                yaml.safe_dump(record, stream, sort_keys=False, allow_unicode=True)
        return Codebook(self.centres, FitRecord(**record))


def load_codebook(folder: Path) -> Codebook:
    """Read a codebook.

    Raises:
        DataDirError: nothing was fitted yet.
        ArkError: its files are damaged.
    """
    try:
        content = (folder / "centres.npy").read_bytes()
        record = FitRecord(**read_yaml_keys(folder / "codebook.yaml", ArkError, _AGAIN))
    except FileNotFoundError as error:
        msg = f"{error.filename}: no such file; {_AGAIN}, before the jobs that label"
        raise DataDirError(msg) from error
    except TypeError as error:
        msg = f"{folder}/codebook.yaml: {' '.join(str(error).split())}; {_AGAIN}"
        raise ArkError(msg) from error
    if fingerprint([content]) != record.checksum:
        msg = f"{folder}/centres.npy: damaged (checksum); {_AGAIN}"
        raise ArkError(msg)
    return Codebook(torch.from_numpy(np.load(io.BytesIO(content), allow_pickle=False)), record)
