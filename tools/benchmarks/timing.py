"""Seconds of repeated work, and their spread."""

import statistics
import time

import torch


def clock(device: str) -> float:
    """Seconds: of this process where it has one CPU thread, so that other load does not count.

    With several threads, whose seconds would add up, and on a GPU: of the wall.
    """
    if device != "cpu":
        torch.cuda.synchronize()
    elif torch.get_num_threads() == 1:
        return time.process_time()
    return time.perf_counter()


def p95(seconds: list[float]) -> float:
    """95th percentile: a measured value, not interpolated."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def mean_spread(seconds: list[float]) -> str:
    """Mean, median and 95th percentile in milliseconds, as table cells."""
    values = (statistics.mean(seconds), statistics.median(seconds), p95(seconds))
    return " | ".join(f"{1e3 * value:.0f}" for value in values)
