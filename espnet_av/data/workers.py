"""Loading processes: as many as shared memory and open files allow, and none that waits in vain."""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.queues import Queue
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Protocol

import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from espnet_av.errors import DataLoadingError
from espnet_av.rates import SAMPLES_PER_FRAME

logger = logging.getLogger(__name__)

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at only
_USED_SHARE = 0.9
"""Of what is free."""
_NUM_PASSING = 2
"""Batches of a loader that are not counted as ready: one in the making, one in use."""
_QUEUES_BYTES = 1 << 19
"""Of the locks of two loaders, which lie in shared memory too."""
_FILES_PER_BATCH = 12
"""Tensors of a batch, and the sockets by which they are handed over."""
_OTHER_FILES = 128
_MOST_FILES = 1 << 16
_BYTES_PER_SAMPLE = 4
_OTHER_BYTES_PER_FRAME = 32
"""Labels, at up to 50 Hz."""


class Shareable(Protocol):
    """A batch that can be moved to shared memory."""

    def share_memory(self) -> Any:
        """Move the tensors, in place."""


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Loading processes and the batches that each keeps ready; any number gives the same."""

    num: int
    prefetch: int = 2

    @property
    def num_batches(self) -> int:
        """Batches that may be ready at a time."""
        return self.num * self.prefetch

    def fitting(self, batch_bytes: int, num_sharing: int = 1) -> Workers:
        """As many as there is room for, with a warning if that is fewer.

        Args:
            batch_bytes: of the largest batch.
            num_sharing: loaders on this machine at a time that share the room.
        """
        if not self.num:
            return self
        most, reason = _room(batch_bytes, num_sharing)
        if most >= self.num_batches:
            return self
        num = min(self.num, most)
        fitting = Workers(num=num, prefetch=max(1, most // num) if num else 1)
        logger.warning(
            "%s: room for %d batches, not for %d workers with %d each: going on with %d workers "
            "with %d, more slowly",
            *(reason, most, self.num, self.prefetch, fitting.num, fitting.prefetch),
        )
        return fitting


def largest_batch_bytes(
    batch_frames: int,
    num_frames: Sequence[int],
    num_pixels: int,
    with_audio: bool = True,
    more_bytes: int = 0,
) -> int:
    """What the largest batch takes.

    Args:
        batch_frames: budget of a batch, utterances x longest, in frames at 25 Hz.
        num_frames: of each utterance; one that is longer than the budget is a batch by itself.
        num_pixels: of a picture; 0 without video.
        with_audio: whether there is sound.
        more_bytes: of what else there is in each frame, as stored states.
    """
    per_frame = SAMPLES_PER_FRAME * _BYTES_PER_SAMPLE * with_audio + num_pixels + more_bytes
    return max(batch_frames, *num_frames, 1) * (per_frame + _OTHER_BYTES_PER_FRAME)


def worker_loader(
    dataset: Dataset[Any],
    batches: Iterable[Any],
    collate: Callable[[Any], Shareable],
    workers: Workers,
    *,
    on_start: Callable[[int], None] | None = None,
    **more: Any,
) -> DataLoader[Any]:
    """A loader whose workers end when they cannot hand a batch over, instead of waiting for ever.

    Args:
        dataset: gives the items.
        batches: lists of indices.
        collate: makes a batch of items.
        workers: see `Workers.fitting`.
        on_start: called in each worker with its number.
        more: passed on.
    """
    if workers.num:
        more["prefetch_factor"] = workers.prefetch
        _leave_nobody()
    return DataLoader(
        dataset,
        batch_sampler=batches,  # type: ignore[arg-type]
        collate_fn=_Handover(collate),
        num_workers=workers.num,
        worker_init_fn=_Start(on_start),
        **more,
    )


LOSSES = (RuntimeError, ConnectionError, EOFError)
"""What a loader raises when a worker is gone; the last two while a batch is on its way."""


def explained(batches: Iterable[Any]) -> Iterator[Any]:
    """The batches of a loader.

    Raises:
        DataLoadingError: a worker ended, or could not hand over what it had; why, and the cure.
    """
    try:
        yield from batches
    except LOSSES as error:
        message = explain_loss(error)
        if message is None:
            raise
        raise DataLoadingError(message) from error


def explain_loss(error: Exception) -> str | None:
    """What became of a loading process, and the cure; None: the error is about something else."""
    if isinstance(error, (ConnectionError, EOFError)):
        return (
            f"a data-loading process died while it handed over a batch ({error!r}); often memory "
            "ran out: lower num_workers or prefetch_batches"
        )
    # "Exited unexpectedly" comes from what tells the signal.
    text = f"{error}\n{error.__cause__ or ''}"
    if "shared memory" in text or "Bus error" in text:
        room = (
            f", of which {_megabytes(_free_bytes())} are free" if _free_bytes() is not None else ""
        )
        return (
            f"a data-loading process found no room in shared memory ({SHARED_MEMORY}{room}); "
            "enlarge it (docker run --shm-size 8g, or mount -o remount,size=8g), or lower "
            "num_workers or prefetch_batches; num_workers 0 needs none"
        )
    if "ancdata" in text or "Too many open files" in text:
        return (
            "a data-loading process had too many files open; raise the limit (ulimit -n 65536), "
            "or lower num_workers or prefetch_batches"
        )
    if text.startswith("DataLoader worker"):
        return (
            f"a data-loading process died ({text.splitlines()[0]}); often memory ran out: lower "
            "num_workers or prefetch_batches"
        )
    return None


@cache
def _leave_nobody() -> None:
    """Have this process end its workers when it ends.

    After an error nobody has told them to stop; `multiprocessing` sends them SIGTERM, which they
    may ignore (`on_start`), and would wait for them for ever.
    """
    atexit.register(_kill_workers)


def _kill_workers() -> None:
    # That of torch raises an error about each worker that is killed.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for child in multiprocessing.active_children():
        if child.daemon:
            child.kill()


@dataclass(frozen=True)
class _Handover:
    """Collates; in a worker, also moves to shared memory, where a failure can still be told.

    Left to the queue, it would fail in a thread, and the training would wait for the batch.
    """

    collate: Callable[[Any], Shareable]

    def __call__(self, items: Any) -> Shareable:
        batch = self.collate(items)
        if get_worker_info() is not None:
            batch.share_memory()
        return batch


@dataclass(frozen=True)
class _Start:
    """Sets a worker up."""

    then: Callable[[int], None] | None

    def __call__(self, worker_id: int) -> None:
        # One thread: workers are the parallelism, more would take the cores of the model.
        torch.set_num_threads(1)
        # Both threads that hand batches over go on after an error, with the batch lost.
        Queue._on_queue_feeder_error = staticmethod(_end_of_feeder)  # type: ignore[attr-defined]
        sys.excepthook = _end
        if self.then is not None:
            self.then(worker_id)


def _end_of_feeder(error: BaseException, batch: object) -> NoReturn:
    _end(type(error), error, error.__traceback__)


def _end(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> NoReturn:
    """End a worker, which its training then sees."""
    sys.__excepthook__(kind, error, traceback)
    sys.stderr.flush()
    os._exit(1)


def _room(batch_bytes: int, num_sharing: int) -> tuple[int, str]:
    """How many batches one of several loaders may keep ready, and what limits them."""
    limits = [(_file_limit() - _OTHER_FILES) // _FILES_PER_BATCH]
    reasons = [f"{_file_limit()} open files are allowed (ulimit -n)"]
    free = _free_bytes()
    if free is not None:
        room = int((free - _QUEUES_BYTES) * _USED_SHARE)
        limits.append(room // (batch_bytes * num_sharing) - _NUM_PASSING)
        reasons.append(
            f"{SHARED_MEMORY} has {_megabytes(free)} free (docker run --shm-size 8g enlarges it) "
            f"and a batch takes up to {_megabytes(batch_bytes)}"
        )
    least = limits.index(min(limits))
    return max(0, limits[least]), reasons[least]


def _free_bytes() -> int | None:
    """Free shared memory; None where it is no folder, as on a Mac."""
    return shutil.disk_usage(SHARED_MEMORY).free if SHARED_MEMORY.is_dir() else None


def _file_limit() -> int:
    """Files that this process may have open, after asking for all that it may ask for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _MOST_FILES if soft == resource.RLIM_INFINITY else soft


def _megabytes(num_bytes: int | None) -> str:
    return f"{(num_bytes or 0) / 1e6:.1f} MB"
