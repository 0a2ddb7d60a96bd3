"""What a command costs before it works: CPU time and memory of imports, this tree against another.

    git worktree add ../before <commit>
    python tools/benchmarks/bench_imports.py ../before --model model.zip --clip clip.mp4

Both are run in turns, each time in a new process; they have to write the same transcript, or
there are no figures.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
VERBS = ("train", "decode", "convert")


@dataclass(frozen=True)
class Cost:
    """Of one process."""

    cpu_sec: float
    wall_sec: float
    peak_mb: float
    output: str


def run(tree: Path, arguments: list[str]) -> Cost:
    """Run python in `tree`, whose package comes first there."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=tree, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{tree}: {' '.join(arguments)} failed")
    return Cost(
        usage.ru_utime + usage.ru_stime,
        time.perf_counter() - start,
        usage.ru_maxrss / 1024,
        output,
    )


def compare(name: str, trees: tuple[Path, Path], arguments: list[str], repeats: int) -> None:
    """One row: medians of both, and their ratios; the outputs are equal."""
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    for _ in range(repeats + 1):
        for tree, found in zip(trees, costs, strict=True):
            found.append(run(tree, arguments))
    # Help says more when a command can do more.
    outputs = {cost.output for found in costs for cost in found}
    assert len(outputs) == 1 or arguments[-1] == "--help", name
    cells = [name]
    for figure in ("cpu_sec", "wall_sec", "peak_mb"):
        # The first of each reads files that are not yet in memory.
        before, now = (
            statistics.median(getattr(cost, figure) for cost in found[1:]) for found in costs
        )
        digits = 0 if figure == "peak_mb" else 2
        cells.append(f"{before:.{digits}f} -> {now:.{digits}f} ({now / before:.2f})")
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path, help="the other tree")
    parser.add_argument("--model", type=Path, help="zip of 'espnet-av pack', for the transcript")
    parser.add_argument("--clip", type=Path, help="file to transcribe")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    trees = (options.before.resolve(), HERE)
    for tree in trees:
        found = run(tree, ["-c", "import espnet_av; print(espnet_av.__file__)"]).output
        assert Path(found).is_relative_to(tree), found
    print("| what | CPU, s | wall clock, s | peak memory, MB |\n|---|--:|--:|--:|")
    for module in ("bin.train", "bin.transcribe", "score.report", "train.runner"):
        code = f"import espnet_av.{module}"
        compare(f"import {module}", trees, ["-c", code], options.repeats)
    for verb in VERBS:
        arguments = ["-m", f"espnet_av.bin.{verb}", "--help"]
        compare(f"{verb} --help", trees, arguments, options.repeats)
    if options.model and options.clip:
        for mode in ("a", "av"):
            arguments = ["-m", "espnet_av.bin.transcribe", "--model", str(options.model.resolve())]
            arguments += ["--mode", mode, str(options.clip.resolve())]
            compare(f"transcribe --mode {mode}", trees, arguments, options.repeats)


if __name__ == "__main__":
    main()
