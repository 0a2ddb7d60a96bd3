"""Figures that recognition and translation are judged by."""

from __future__ import annotations

from typing import Literal

Metric = Literal["wer", "cer", "bleu"]
ERROR_RATES: tuple[Literal["wer", "cer"], ...] = ("wer", "cer")
"""Both are reported whichever of them is the metric."""


def metric_title(metric: Metric) -> str:
    """Name with unit: `WER %`, `BLEU` (points of 100)."""
    return f"{metric.upper()} %" if metric in ERROR_RATES else metric.upper()


def axis_title(metric: Metric) -> str:
    """Words for the axis of a picture."""
    names = {"wer": "word error rate (%)", "cer": "character error rate (%)"}
    return names.get(metric, f"{metric.upper()} ({better(metric)})")


def is_error(metric: Metric) -> bool:
    """Whether the smaller figure is the better one."""
    return metric in ERROR_RATES


def better(metric: Metric) -> str:
    """`lower is better` or `higher is better`."""
    return f"{'lower' if is_error(metric) else 'higher'} is better"
