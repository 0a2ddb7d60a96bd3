"""Confidence intervals of large test sets, this tree against another, in turns.

    git worktree add ../before <commit>
    python tools/benchmarks/bench_bootstrap.py ../before --out <name>.md

Asserts that intervals differ by no more than those of other seeds do, and that figures of drawn
sums are equal; then prints times of the processor, and the memory at most.
"""

import argparse
import statistics
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from page import heading, publish, version_line
from trees import Side, both, ratio_cell, serve, spent, take_turns

from espnet_av.score.bootstrap import Resampling, Sums, bootstrap_interval

SEEDS = range(5)
Job = Callable[[int], Any]
"""Seed -> an interval, or draws."""


def main() -> None:
    """Run the comparison and print (or write) its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, nargs="?", help="the other tree")
    parser.add_argument("--num_utts", type=int, default=100_000)
    parser.add_argument("--num_resamples", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    args = parser.parse_args()
    jobs = jobs_of(args.num_utts, args.num_resamples)
    if args.before is None:
        serve(answers(jobs))
        return
    sizes = "--num_utts", str(args.num_utts), "--num_resamples", str(args.num_resamples)
    with both(args.before, Path(__file__), *sizes) as sides:
        rows = [row(name, sides, args.rounds) for name in jobs]
    publish(report(args, rows), args.out)


def jobs_of(num_utts: int, num_resamples: int) -> dict[str, Job]:
    """Work by name, on the same utterances in every process."""
    rng = np.random.default_rng(0)
    lengths = rng.poisson(10, num_utts) + 1
    errors = rng.binomial(lengths, 0.2)
    seconds = rng.random(num_utts) * lengths
    counts = np.stack([errors, lengths] * 5, axis=1)

    def interval(values: np.ndarray) -> Job:
        return lambda seed: bootstrap_interval(
            values, lengths, num_resamples=num_resamples, seed=seed
        )

    def draws(seed: int) -> np.ndarray:
        return Sums(counts, lambda sums: 100 * sums[0] / sums[1]).draws(
            Resampling(num_resamples // 10, seed)
        )

    return {
        "errors of words": interval(errors),
        "seconds, no two alike": interval(seconds),
        "10 counts as of BLEU, a tenth of the draws": draws,
    }


def answers(jobs: dict[str, Job]) -> dict[str, Callable[[Any], dict[str, Any]]]:
    """What a worker is asked for: results of all seeds, memory of one run, time of one run."""

    def memory(name: str) -> dict[str, Any]:
        tracemalloc.start()
        jobs[name](0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return {"mb": peak / 1e6}

    return {
        "results": lambda name: {"results": [list(jobs[name](seed)) for seed in SEEDS]},
        "memory": memory,
        "time": lambda name: spent(lambda: jobs[name](0)),
    }


def row(name: str, sides: list[Side], rounds: int) -> str:
    """Compares one kind of work; a row of the table."""
    agree(name, *(np.array(side.ask(results=name)["results"]) for side in sides))
    for side in sides:
        side.seconds.clear()
    take_turns(sides, rounds, time=name)
    mb = " -> ".join(f"{side.ask(memory=name)['mb']:.1f}" for side in sides)
    return f"| {name} | {ratio_cell(*(side.seconds['cpu'] for side in sides))} | {mb} |"


def agree(name: str, before: np.ndarray, now: np.ndarray) -> None:
    """Asserts equal draws, or intervals (seeds, 2) whose means are as near as seeds let them be."""
    if before.shape[1] != 2:
        assert np.array_equal(before, now), f"{name}: the figures differ"
        return
    spread = np.sqrt(before.var(0, ddof=1) + now.var(0, ddof=1)) / np.sqrt(len(before))
    apart = np.abs(before.mean(0) - now.mean(0))
    assert (apart <= 5 * spread).all(), f"{name}: {apart} apart, of a spread of {spread}"
    widths = [statistics.mean(found[:, 1] - found[:, 0]) for found in (before, now)]
    assert abs(widths[1] / widths[0] - 1) < 0.05, f"{name}: widths {widths}"


def report(args: argparse.Namespace, rows: list[str]) -> str:
    """The page: machine, table, what was asserted, versions."""
    lines = [
        *heading("Confidence intervals", "cpu", 1),
        f"{args.num_utts} utterances, {args.num_resamples} draws of them; {args.rounds} rounds in "
        "turns. CPU time in milliseconds (**times as fast, median of the rounds**; smallest to "
        "largest) and megabytes at most.",
        "",
        "| interval of | CPU time | MB |",
        "|---|--:|--:|",
        *rows,
        "",
        f"Asserted before: over {len(SEEDS)} seeds the bounds agree within five standard errors of "
        "their means and the widths to a twentieth; figures of counts are equal draw by draw.",
        "",
    ]
    return "\n".join([*lines, version_line(), ""])


if __name__ == "__main__":
    main()
