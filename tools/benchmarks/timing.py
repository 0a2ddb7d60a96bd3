"""Seconds of repeated work, and their spread."""

import statistics
import time

import torch


def clock(device: str) -> float:
    """Seconds: of this process on a CPU, where other load must not count; of the wall on a GPU."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def p95(seconds: list[float]) -> float:
    """95th percentile: a measured value, not interpolated."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def mean_spread(seconds: list[float]) -> str:
    """Mean, median and 95th percentile in milliseconds, as table cells."""
    values = (statistics.mean(seconds), statistics.median(seconds), p95(seconds))
    return " | ".join(f"{1e3 * value:.0f}" for value in values)
