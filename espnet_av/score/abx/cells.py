"""Errors of cells, chunk by chunk, and their means by talker and pair of phones."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from espnet_av.errors import DataDirError
from espnet_av.ops.frame_distance import DISTANCES, prepare
from espnet_av.score.abx.options import AbxOptions, Pooling
from espnet_av.score.abx.plan import Plan

_PARTS_A_THREAD = 4


class ItemFrames(Protocol):
    """Gives the frames of items."""

    def read(self, items: np.ndarray, length: np.ndarray) -> np.ndarray:
        """(N, D) float32 of (M,) items, one behind the other, each of its `length`."""
        ...


@dataclass(frozen=True)
class Cells:
    """Cells of a chunk."""

    task: np.ndarray
    """(C,) int64, of the plan."""
    b: np.ndarray
    """(C,) int64, group of B."""
    error: np.ndarray
    """(C,) float64, from 0 to 1."""
    size: np.ndarray
    """(C,) int64, triplets."""


def score_cells(
    plan: Plan,
    frames: ItemFrames,
    length: np.ndarray,
    options: AbxOptions,
    num_threads: int = 1,
) -> Iterator[Cells]:
    """Compare everything in a plan, as many frames at a time as fit into a small memory.

    Args:
        plan: what is compared.
        frames: of the items of the plan's labels.
        length: (M,) frames of each.
        options: distance and pooling.
        num_threads: the figures are the same with any.

    Raises:
        DataDirError: features cannot be compared by the distance.
    """
    from threadpoolctl import threadpool_limits  # loads quickly, but not for those who only read

    count = _counter()
    kept = length if options.pooling == "none" else np.ones_like(length)
    num_silent = 0
    with threadpool_limits(1), ThreadPoolExecutor(num_threads) as threads:
        for first, end in plan.chunks(length):
            used = np.unique(plan.pairs[first:end])
            part = _Part(plan, used, first, end, kept)
            items = plan.order[part.items]
            values = pool(frames.read(items, length[items]), length[items], options.pooling)
            try:
                ready = prepare(values, options.distance)
            except ValueError as error:
                msg = f"--distance {options.distance}: {error}; take softmax outputs, or angular"
                raise DataDirError(msg) from error
            num_silent = max(num_silent, ready.num_silent)
            kind = DISTANCES.index(options.distance)
            spans = pairwise(_edges(end - first, num_threads))
            work = [threads.submit(count, *ready[:3], kind, *part.arrays, *span) for span in spans]
            counts = np.concatenate([one.result() for one in work])
            of, b = plan.cell_groups(int(plan.task[first]), int(plan.task[end]))
            sizes = plan.sizes(of, b)
            yield Cells(of, b, 1 - counts / sizes, sizes)
    if num_silent:
        logging.warning(
            "at least %d frames are zeros, which have no direction: they are taken for frames of "
            "equal numbers; were features of a padded batch saved, or is the sound silent?",
            num_silent,
        )


class _Part:
    """The arrays of `count_blocks` for some blocks, with numbers of their own."""

    def __init__(
        self, plan: Plan, used: np.ndarray, first: int, end: int, length: np.ndarray
    ) -> None:
        groups = _ranges(plan.segment, used)
        self.items = _ranges(plan.item, groups)
        """(M,) places in `plan.order`."""
        new_group = np.full(len(plan.item) - 1, -1)
        new_group[groups] = np.arange(len(groups))
        tasks = slice(int(plan.task[first]), int(plan.task[end]))
        self.arrays = (
            _bounds(length[plan.order[self.items]]),
            _bounds(np.diff(plan.item)[groups]),
            _bounds(np.diff(plan.segment)[used]),
            np.searchsorted(used, plan.pairs[first:end]),
            plan.task[first : end + 1] - plan.task[first],
            new_group[plan.task_x[tasks]],
            new_group[plan.task_a[tasks]],
            plan.cell[tasks.start : tasks.stop + 1] - plan.cell[tasks.start],
        )


def _edges(num_blocks: int, num_threads: int) -> list[int]:
    """Where the shares of threads begin and end: some for each, as they take unequal times."""
    parts = _PARTS_A_THREAD * num_threads if num_threads > 1 else 1
    return sorted({num_blocks * part // parts for part in range(parts + 1)})


def _ranges(bounds: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """All numbers within the chosen ones of consecutive ranges."""
    sizes = np.diff(bounds)[chosen]
    inner = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.repeat(bounds[chosen], sizes) + inner


def _bounds(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)])


def pool(frames: np.ndarray, length: np.ndarray, pooling: Pooling) -> np.ndarray:
    """Frames as they are, or one mean for each item: (N, D) -> (N, D) or (M, D)."""
    if pooling == "none":
        return frames
    weights = np.ones(len(frames), dtype=np.float32)
    if pooling == "hamming":
        windows = {n: np.hamming(n).astype(np.float32) for n in np.unique(length).tolist()}
        weights = np.concatenate([windows[n] for n in length.tolist()])
    starts = np.cumsum(length) - length
    sums = np.add.reduceat(frames * weights[:, None], starts, axis=0)
    return sums / np.add.reduceat(weights, starts)[:, None]


def _counter() -> Callable[..., np.ndarray]:
    """`count_blocks`, compiled where there is numba, which comes with ESPnet's librosa."""
    has_numba = importlib.util.find_spec("numba") is not None
    module = importlib.import_module(f"espnet_av.ops.abx_{'compiled' if has_numba else 'plain'}")
    count: Callable[..., np.ndarray] = module.count_blocks
    return count
