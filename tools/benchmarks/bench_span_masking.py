"""Span masks of a batch: drawn at once on the device, against a loop over its utterances.

Asserts that both have the same distribution (masked share, number of runs, share by position),
then prints times and their ratio:

    python tools/benchmarks/bench_span_masking.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from page import heading, publish, version_line
from timing import clock, p95
from torch import Tensor

from espnet_av.ops.span_masking import place_spans

START_PROB, SPAN, MIN_SPANS = 0.08, 10, 2
SIZES = ((8, 400), (32, 400), (128, 400), (32, 1500))
"""(utterances, longest in frames); lengths are even between half of it and all of it."""
DEVIATIONS = 4.5
"""Largest accepted difference of two means, in standard errors."""


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    lines = [header(args)]
    for num_utts, longest in SIZES:
        lengths = torch.linspace(longest / 2, longest, num_utts).round().long()
        worst = assert_same_distribution(lengths, args.device)
        at_once = measure(lambda lengths=lengths: draw_at_once(lengths, args.device), args)
        loop = measure(lambda lengths=lengths: draw_in_a_loop(lengths, args.device), args)
        ratio = statistics.median(loop) / statistics.median(at_once)
        lines.append(
            f"| {num_utts} | {longest} | {spread(at_once)} | {spread(loop)} | **{ratio:.2f}** "
            f"| {worst:.1f} |"
        )
    lines += ["", version_line(), ""]
    text = "\n".join(lines)
    publish(text, args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=100, help="timed draws of each kind")
    parser.add_argument("--warm_up", type=int, default=5)
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def draw_at_once(lengths: Tensor, device: str) -> Tensor:
    """(B, T) bool on the device; what a training step does."""
    noise = torch.rand(len(lengths), int(lengths.max()) + 1, device=device)
    return place_spans(
        lengths.to(device, non_blocking=True),
        noise,
        start_prob=START_PROB,
        span=SPAN,
        min_spans=MIN_SPANS,
    )


def draw_in_a_loop(lengths: Tensor, device: str) -> Tensor:
    """The same, one utterance after the other in NumPy, then copied to the device."""
    mask = np.zeros((len(lengths), int(lengths.max())), dtype=bool)
    for row, length in zip(mask, lengths.tolist(), strict=True):
        count = max(MIN_SPANS, int(START_PROB * length + np.random.rand()))
        starts = np.random.choice(length - SPAN + 1, count, replace=False)
        row[(starts[:, None] + np.arange(SPAN)).ravel()] = True
    return torch.from_numpy(mask).to(device)


def assert_same_distribution(lengths: Tensor, device: str) -> float:
    """Raises if the two kinds of mask differ; returns the largest difference in standard errors."""
    draws = max(40, 4000 // len(lengths))
    samples = [
        torch.stack([draw(lengths, device).cpu() for _ in range(draws)])
        for draw in (draw_at_once, draw_in_a_loop)
    ]
    found = [summaries(masks) for masks in samples]
    errors = [
        ((one.mean(0) - two.mean(0)) / ((one.var(0) + two.var(0)) / draws + 1e-12).sqrt()).abs()
        for one, two in zip(*found, strict=True)
    ]
    worst = max(float(error.max()) for error in errors)
    assert worst < DEVIATIONS, f"the masks differ by {worst:.1f} standard errors"
    return worst


def summaries(masks: Tensor) -> tuple[Tensor, ...]:
    """Of (N, B, T) masks: share, runs and squared share of each draw, and share by position."""
    share = masks.double().mean(dim=2)
    runs = (masks[:, :, 1:] & ~masks[:, :, :-1]).double().sum(dim=2)
    # By tenth of the longest utterance, over the batch: single positions are too many to test.
    position = torch.stack([part.double().mean(dim=(1, 2)) for part in masks.chunk(10, 2)], 1)
    return share, runs.mean(dim=1, keepdim=True), share.square(), position


def measure(draw: Callable[[], Tensor], args: argparse.Namespace) -> list[float]:
    """Seconds of each timed draw."""
    seconds = []
    for number in range(args.warm_up + args.repeats):
        start = clock(args.device)
        draw()
        if number >= args.warm_up:
            seconds.append(clock(args.device) - start)
    return seconds


def header(args: argparse.Namespace) -> str:
    """The results file up to its rows."""
    return "\n".join(
        [
            *heading(
                "Span masks: a batch at once against a loop over utterances",
                args.device,
                args.num_threads,
            ),
            f"start_prob {START_PROB}, span {SPAN}, min_spans {MIN_SPANS}; {args.repeats} draws of "
            "each kind. Both have the same distribution: masked share of each utterance and its "
            "square, number of runs, share by position; the last column is the largest difference "
            f"of two means in standard errors (limit {DEVIATIONS}). The loop is NumPy, its mask "
            "is copied to the device. Times are CPU microseconds of the process, wall on a GPU.",
            "",
            "| utterances | longest | at once: median us | p95 | loop: median us | p95 "
            "| ratio of medians | difference |",
            "|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
    )


def spread(seconds: list[float]) -> str:
    """Median and 95th percentile in microseconds, as table cells."""
    return f"{1e6 * statistics.median(seconds):.0f} | {1e6 * p95(seconds):.0f}"


if __name__ == "__main__":
    main()
