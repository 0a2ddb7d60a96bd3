"""Two trees at the same work, each in a process of its own; in turns, so that load hits both.

The script that compares them starts itself, or another one, as a worker with either tree first in
`PYTHONPATH`, and sends it requests: one JSON a line, answered by one.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]
"""The tree that this script is of."""


@dataclass
class Side:
    """One tree at work."""

    process: subprocess.Popen[str]
    first: dict[str, Any] = field(default_factory=dict)
    """What it answers once, to be compared."""
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Kind of time -> of each round."""

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request to the worker and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the worker has ended; its error is above"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def both(before: Path, script: Path, *arguments: str) -> Iterator[list[Side]]:
    """The other tree and this one, with a worker in each."""
    with ExitStack() as stack:
        trees = (before.resolve(), HERE)
        yield [stack.enter_context(started(tree, script, *arguments)) for tree in trees]


@contextmanager
def started(tree: Path, script: Path, *arguments: str) -> Iterator[Side]:
    """A worker in `tree`, on one thread."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, str(script), *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Side(process)
    finally:
        process.terminate()
        process.wait()


def take_turns(sides: Sequence[Side], rounds: int, **request: Any) -> None:
    """Note what each side spends on a request; the first round is not counted."""
    for number in range(rounds + 1):
        for side in sides:
            for name, value in side.ask(**request).items():
                side.seconds.setdefault(name, []).extend([value] if number else [])


def ratio_cell(before: Sequence[float], now: Sequence[float], scale: float = 1e3) -> str:
    """Medians, and how many times as fast: median of the rounds, smallest, largest."""
    ratios = sorted(a / max(b, 1e-9) for a, b in zip(before, now, strict=True))
    first, second = (_three_digits(scale * statistics.median(found)) for found in (before, now))
    middle = statistics.median(ratios)
    return f"{first} -> {second} (**{middle:.2f}**; {ratios[0]:.2f} to {ratios[-1]:.2f})"


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def serve(answers: Mapping[str, Callable[[Any], dict[str, Any]]]) -> None:
    """In a worker: answer requests, each of one key, until the input ends."""
    for line in sys.stdin:
        ((name, value),) = json.loads(line).items()
        print(json.dumps(answers[name](value)), flush=True)


def spent(work: Callable[[], Any], times: int = 1) -> dict[str, float]:
    """Seconds a time: of the processor in user and system mode, and of the wall."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(times):
        work()
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - start
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return {"cpu": (user + system) / times, "system": system / times, "wall": wall / times}
