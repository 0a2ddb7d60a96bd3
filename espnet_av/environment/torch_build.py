"""Which build of torch is here, whether it suits the machine, and torchaudio beside it."""

from __future__ import annotations

import importlib
import sys
from importlib import metadata
from typing import Any

from espnet_av.environment.finding import Finding


def check_build(num_gpus: int) -> list[Finding]:
    """CUDA's build or another, for a machine with so many GPUs; nothing where torch is not."""
    try:
        import torch
    except (ImportError, OSError):  # a torch that does not load has its own line
        return []
    name, version = "torch build", torch.__version__
    built_for_gpu = torch.version.cuda or torch.version.hip
    if num_gpus and not built_for_gpu:
        note = "cannot use the GPU of this machine; TORCH=cuda make install brings a build that can"
        return [Finding(name, "core", "differs", version, note)]
    if built_for_gpu and not num_gpus:
        note = (
            "of CUDA, without a GPU: right, but about 4 GB that nothing here uses; README, Install"
        )
        return [Finding(name, "core", "ok", version, note)]
    return [Finding(name, "core", "ok", version, "suits this machine")]


def check_torchaudio() -> Finding:
    """Does torchaudio, where it is, work beside this torch? Its loss is tried."""
    name, use = "torchaudio", "transducer_loss: torchaudio, and tests"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        note = f"{use}; nothing else needs it: pip install --no-deps 'torchaudio==2.11.*'"
        return Finding(name, "optional", "missing", "", note)
    torch_version = metadata.version("torch") if "torch" in sys.modules else "that is not here"
    try:
        _try_loss()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        note = f"does not work beside torch {torch_version} ({str(error).splitlines()[0]:.80}); "
        note += "pip install --no-deps 'torchaudio==2.11.*' runs beside torch 2.11 and later"
        return Finding(name, "optional", "broken", version, note)
    return Finding(name, "optional", "ok", version, f"{use}; works beside torch {torch_version}")


def _try_loss() -> None:
    import torch

    torchaudio: Any = importlib.import_module("torchaudio")
    one = torch.ones(1, dtype=torch.int32)
    torchaudio.functional.rnnt_loss(torch.zeros(1, 1, 2, 2), one[None], one, one, blank=0)
