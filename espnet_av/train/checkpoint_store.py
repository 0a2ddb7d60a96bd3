"""The checkpoint a run goes on from: written atomically, its predecessor kept as a fallback."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import lightning as L
import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from espnet_av.command import cure_of
from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.archive_check import verify_checksums
from espnet_av.temporary import sweep, temporary_beside

logger = logging.getLogger(__name__)

LAST = "last.ckpt"
PREVIOUS = "previous.ckpt"
DAMAGED = "last.ckpt.damaged"
_FAULTS = (OSError, RuntimeError, EOFError, KeyError, TypeError, ValueError, UnpicklingError)


class DirectIO(TorchCheckpointIO):
    """Writes into the file; Lightning's own holds the whole file in memory first, twice."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write `checkpoint` to `path`.

        Raises:
            OSError: the file system refuses.
        """
        try:
            torch.save(checkpoint, path)
        except RuntimeError as error:  # what torch makes of a write that fails
            raise OSError(str(error).splitlines()[0]) from error


def save_checkpoint(trainer: L.Trainer, exp_dir: Path) -> None:
    """Write `last.ckpt`; what was there becomes `previous.ckpt`. Every rank has to call this.

    Raises:
        CheckpointError: the file system refuses, e.g. it is full; the old files are untouched.
    """
    last, temporary = exp_dir / LAST, temporary_beside(exp_dir / LAST)
    try:
        trainer.save_checkpoint(temporary)
        if trainer.is_global_zero:
            _sync(temporary)
            if last.exists():
                last.replace(exp_dir / PREVIOUS)
            temporary.replace(last)
            _sync(exp_dir)
        # Nobody leaves before the file is in place: Lightning kills what others leave behind.
        trainer.strategy.barrier("checkpoint is in place")
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        msg = (
            f"{last}: could not write the checkpoint ({error.strerror or error}); the one "
            f"before is kept; {cure_of(error)} and run again, training goes on from there"
        )
        raise CheckpointError(msg) from error


def remove_half_written(exp_dir: Path) -> None:
    """Remove the files that killed runs left; for the one process that trains in the folder."""
    for path in exp_dir.glob(f".{LAST}.*.tmp"):  # whoever wrote them: it trains here no more
        path.unlink()
    sweep(exp_dir)


def find_checkpoint(exp_dir: Path) -> tuple[Path, dict[str, int]] | None:
    """The newest readable checkpoint and the progress in it; None when the run has not saved yet.

    Raises:
        CheckpointError: there are checkpoints and none can be read.
    """
    present = [exp_dir / name for name in (LAST, PREVIOUS) if (exp_dir / name).exists()]
    problems = []
    for path in present:
        try:
            return path, _progress(path)
        except CheckpointError as error:
            problems.append(str(error))
            logger.warning("%s; trying the one before", error)
    if not problems:
        return None
    msg = (
        f"no checkpoint is usable ({'; '.join(problems)}); the files are damaged, restore them "
        f"from a copy, or remove {exp_dir} to train from the start"
    )
    raise CheckpointError(msg)


def set_aside_damaged(exp_dir: Path, used: Path) -> None:
    """Rename a `last.ckpt` that could not be used, or the next save would make it the fallback.

    Args:
        exp_dir: folder of the run.
        used: what `find_checkpoint` found.
    """
    last = exp_dir / LAST
    if used != last and last.exists():
        last.replace(exp_dir / DAMAGED)
        logger.warning("%s is now %s; remove it when it is of no use to you", last, DAMAGED)


def _progress(path: Path) -> dict[str, int]:
    """Reads the file once, as nothing else sees that a byte of it has changed."""
    try:
        verify_checksums(path)
        # Mapped: the weights are read by the trainer.
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        progress = dict(content["progress"])
        progress["micro_step"]
    except (CheckpointError, *_FAULTS) as error:
        reason = (str(error) or repr(error)).splitlines()[0].split(". ")[0]
        msg = f"{path} cannot be read: {reason.removeprefix(f'{path}: cannot be read ')}"
        raise CheckpointError(msg) from error
    return progress


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
