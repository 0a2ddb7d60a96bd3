"""The checkpoint a run goes on from: written atomically, its predecessor kept as a fallback."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import lightning as L
import torch

from espnet_av.errors import CheckpointError

logger = logging.getLogger(__name__)

LAST = "last.ckpt"
PREVIOUS = "previous.ckpt"


def save_checkpoint(trainer: L.Trainer, exp_dir: Path) -> None:
    """Write `last.ckpt`; what was there becomes `previous.ckpt`. Every rank has to call this.

    Raises:
        CheckpointError: the file system refuses, e.g. it is full; the old files are untouched.
    """
    last, temporary = exp_dir / LAST, exp_dir / f".{LAST}.tmp"
    try:
        trainer.save_checkpoint(temporary)
        if trainer.is_global_zero:
            _sync(temporary)
            if last.exists():
                last.replace(exp_dir / PREVIOUS)
            temporary.replace(last)
            _sync(exp_dir)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        msg = (
            f"{last}: could not write the checkpoint ({error.strerror or error}); the one "
            "before is kept; free some space and run again, training goes on from there"
        )
        raise CheckpointError(msg) from error


def find_checkpoint(exp_dir: Path) -> tuple[Path, dict[str, Any]] | None:
    """The newest readable checkpoint and its content; None when the run has not saved yet.

    Raises:
        CheckpointError: there are checkpoints and none can be read.
    """
    present = [exp_dir / name for name in (LAST, PREVIOUS) if (exp_dir / name).exists()]
    problems = []
    for path in present:
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
            content["progress"]["micro_step"]
        except (
            OSError,
            RuntimeError,
            EOFError,
            KeyError,
            TypeError,
            pickle.UnpicklingError,
        ) as error:
            reason = (str(error) or repr(error)).splitlines()[0].split(". ")[0]
            problems.append(f"{path} cannot be read: {reason}")
            logger.warning("%s; trying the one before", problems[-1])
        else:
            return path, content
    if not problems:
        return None
    msg = (
        f"no checkpoint is usable ({'; '.join(problems)}); the files are damaged, restore them "
        f"from a copy, or remove {exp_dir} to train from the start"
    )
    raise CheckpointError(msg)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
