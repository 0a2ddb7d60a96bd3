"""A training step of the small recipes, this tree against another, in turns.

    git worktree add ../before <commit>
    python tools/benchmarks/bench_training_step.py ../before --picture step.png --out <name>.md

Each tree trains in a process of its own, from the same weights and random state on the same batch;
the two take turns, so that other load hits both alike. Asserts equal losses and gradients of the
first step, then prints times per step, of the processor (user and system) and of the wall.
"""

import argparse
import os
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from page import heading, publish, version_line
from trees import Side, both, ratio_cell, take_turns

RUNS = (("mini_av", "fp32"), ("GRID", "bf16"), ("GRID", "fp32"))
LOSS_TOLERANCE = 1e-5
"""Largest relative difference of the first loss in float32."""
GRADIENT_TOLERANCE = {"fp32": 2e-2, "bf16": 5e-2}
"""Largest relative difference of the first gradient as a whole. One rounding more or less moves
some pixels to the other side of a ReLU; float64 is as far from either tree."""


def main() -> None:
    """Run the comparisons and print (or write) their table."""
    args = parse_args()
    rows = []
    for recipe, precision in RUNS:
        rows.append(compare(args, recipe, precision))
        print(row_text(*rows[-1]), file=sys.stderr, flush=True)
    publish(report(args, rows), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="the other tree")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5, help="of each tree in a round")
    parser.add_argument("--picture", type=Path, help="where a step's time goes, before and after")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def compare(args: argparse.Namespace, recipe: str, precision: str) -> tuple[str, str, list[Side]]:
    """Both trees in turns; the first round is not counted."""
    worker = Path(__file__).with_name("training_step.py")
    with both(args.before, worker, recipe, precision) as sides:
        for side in sides:
            side.first = side.ask(first=True)
        check_equal(*(side.first for side in sides), precision)
        take_turns(sides, args.rounds, steps=args.steps)
        if args.picture and recipe == RUNS[0][0]:
            draw(sides, [side.ask(profile=args.steps) for side in sides], args.picture)
    return recipe, precision, sides


def check_equal(before: dict[str, Any], now: dict[str, Any], precision: str) -> None:
    """Asserts that the first step of both gave the same."""
    assert now["tree"] != before["tree"], now["tree"]
    apart = abs(now["loss"] / before["loss"] - 1.0)
    assert apart < (LOSS_TOLERANCE if precision == "fp32" else 1e-3), f"losses differ: {apart:.1e}"
    squares = [sum(value**2 for value in side["gradient"]) for side in (before, now)]
    pairs = zip(before["gradient"], now["gradient"], strict=True)
    distance = (sum((a - b) ** 2 for a, b in pairs) / squares[0]) ** 0.5
    assert distance < GRADIENT_TOLERANCE[precision], f"gradients differ: {distance:.1e}"
    now["apart"], now["distance"] = apart, distance


def row_text(recipe: str, precision: str, sides: list[Side]) -> str:
    """A row of the table: medians, their ratios, and how far single rounds are from them."""
    cells = [f"{recipe}, {precision}"]
    for name in ("cpu", "system", "wall"):
        before, now = (side.seconds[name] for side in sides)
        cell = ratio_cell(before, now)
        cells.append(cell.split(" (")[0] if name == "system" else cell)
    now = sides[1].first
    cells += [f"{now['apart']:.0e}", f"{now['distance']:.0e}"]
    return f"| {' | '.join(cells)} |"


def draw(sides: list[Side], shares: list[dict[str, float]], path: Path) -> None:
    """Milliseconds of processor time that each kind of work takes, one bar for each tree."""
    figure, axes = plt.subplots(figsize=(7.0, 2.2), layout="constrained")
    names = ("before", "now")
    starts = [0.0, 0.0]
    totals = [1e3 * statistics.median(side.seconds["cpu"]) for side in sides]
    for kind in shares[0]:
        widths = [share[kind] * total for share, total in zip(shares, totals, strict=True)]
        bars = axes.barh(names, widths, left=starts, label=kind)
        axes.bar_label(bars, [f"{width:.0f}" for width in widths], label_type="center")
        starts = [a + b for a, b in zip(starts, widths, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel(f"CPU time of a training step of {RUNS[0][0]}, ms")
    axes.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def report(args: argparse.Namespace, rows: list[tuple[str, str, list[Side]]]) -> str:
    """The results file: machine, command, table, versions."""
    huge = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    lines = [
        *heading("Training step of the small recipes", "cpu", 1),
        f"{args.rounds} rounds of {args.steps} steps in each tree, in turns; 4 clips (mini_av) or "
        "2 (GRID) of 3 s, each as sound, as lips and as both. Medians in milliseconds a step, "
        "(**median ratio of a round**; smallest to largest). The loss of the first step and its "
        "whole gradient are compared, as relative differences.",
        "",
        "| recipe | CPU, user and system | of it system | wall | loss | gradient |",
        "|---|--:|--:|--:|--:|--:|",
        *(row_text(*row) for row in rows),
        "",
        f"Huge pages: {huge.read_text().strip() if huge.exists() else 'unknown'}. "
        f"Load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
        "",
    ]
    if args.picture:
        lines += [f"![CPU time by kind of work]({args.picture.name})", ""]
    return "\n".join([*lines, version_line(), ""])


if __name__ == "__main__":
    main()
