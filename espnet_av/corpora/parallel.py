"""The same small work on very many files, by several processes, with one progress bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from espnet_av.errors import MediaError
from espnet_av.progress import ProgressBar

Item = TypeVar("Item")
Result = TypeVar("Result")

_CHUNK = 256


def parallel_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    num_jobs: int,
    desc: str,
    chunk: int = _CHUNK,
) -> list[Result]:
    """Results of `function` for every item, in the order of the items.

    Args:
        function: importable (not a lambda); it must not raise.
        items: any number of them.
        num_jobs: processes at most; 1 works in this one.
        desc: name of the progress bar.
        chunk: items sent to a process at a time; fewer than two chunks are not worth a second one.

    Raises:
        MediaError: a process died, of a file that crashes the decoder or of a full memory.
    """
    chunks = [items[start : start + chunk] for start in range(0, len(items), chunk)]
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
            for sent, future in zip(chunks, futures, strict=True):
                try:
                    part = future.result()
                except BrokenProcessPool as error:
                    raise MediaError(_died(desc, sent)) from error
                results += part
                bar.update(len(part))
    finally:
        bar.close()
    return results


def _died(desc: str, chunk: Sequence[Item]) -> str:
    return (
        f"{desc}: a process died before it had finished {chunk[0]} ... {chunk[-1]}; memory may be "
        "full (take fewer with --num_jobs), or a file there crashes the decoder: remove it"
    )


def _each(function: Callable[[Item], Result], chunk: Sequence[Item]) -> list[Result]:
    return [function(item) for item in chunk]
