"""The same small work on very many files, by several processes, with one progress bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from espnet_av.progress import ProgressBar

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 256
"""Items sent to a process at a time; fewer than two chunks are not worth a second process."""


def parallel_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, num_jobs: int, desc: str
) -> list[Result]:
    """Results of `function` for every item, in the order of the items.

    Args:
        function: importable (not a lambda); it must not raise.
        items: any number of them.
        num_jobs: processes at most; 1 works in this one.
        desc: name of the progress bar.
    """
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    num_jobs = min(num_jobs, len(chunks))
    bar = ProgressBar(len(items), desc, "file")
    results: list[Result] = []
    try:
        if num_jobs < 2:
            for item in items:
                results.append(function(item))
                bar.update()
            return results
        # Spawned, not forked: this process may hold threads and locks by now.
        with ProcessPoolExecutor(num_jobs, mp_context=get_context("spawn")) as pool:
            futures = [pool.submit(_each, function, chunk) for chunk in chunks]
            for future in futures:
                part = future.result()
                results += part
                bar.update(len(part))
    finally:
        bar.close()
    return results


def _each(function: Callable[[Item], Result], chunk: Sequence[Item]) -> list[Result]:
    return [function(item) for item in chunk]
