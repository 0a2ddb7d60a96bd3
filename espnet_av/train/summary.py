"""What a finished run cost, for RESULTS.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch

from espnet_av.atomic import atomic_write
from espnet_av.cores import num_cores

SUMMARY = "train_summary.json"


def hardware(ngpu: int, world_size: int) -> str:
    """What the run used on this machine, e.g. `2 CPU cores` or `8 x NVIDIA H200`."""
    if ngpu:
        return f"{world_size} x {torch.cuda.get_device_name()}"
    cores = num_cores()
    return f"{cores} CPU core{'s' if cores > 1 else ''}"


def write_summary(exp_dir: Path, figures: Mapping[str, float | str | Mapping[str, float]]) -> None:
    """Write `train_summary.json` with `data_sec`, `train_sec`, `steps`, `hardware`, `best`."""
    with atomic_write(exp_dir / SUMMARY) as stream:
        json.dump(dict(figures), stream, indent=1)
        stream.write("\n")
