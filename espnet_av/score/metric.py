"""A figure that predictions are judged by, as data: its names, its unit, and which way is better.

`scorers.py` lists them all; nothing else knows one metric from another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure of a record."""

    name: str
    """Its key in `scores.json` and `expected_scores.yaml`."""
    title: str
    """Short name: `WER`."""
    words: str
    """Name for the axis of a picture: `word error rate`."""
    unit: str = "%"
    """Shown beside the title; empty: points of 100, or a plain number."""
    unit_words: str = "percent"
    """The same in words."""
    lower_is_better: bool = False
    """Whether the smaller figure is the better one."""
    digits: int = 1
    """Decimals that are shown."""

    @property
    def heading(self) -> str:
        """Title with unit: `WER %`, `BLEU`."""
        return f"{self.title} {self.unit}" if self.unit else self.title

    @property
    def axis(self) -> str:
        """Words for the axis of a picture, with the unit, or where there is none with `better`."""
        return f"{self.words} ({self.unit or self.better})"

    @property
    def better(self) -> str:
        """`lower is better` or `higher is better`."""
        return f"{'lower' if self.lower_is_better else 'higher'} is better"

    @property
    def usual_op(self) -> str:
        """What a target means unless it says so: an error rate is not to exceed it."""
        return "<=" if self.lower_is_better else ">="

    def show(self, value: float, sign: str = "") -> str:
        """A value with as many decimals as are shown; `sign="+"`: a difference."""
        return f"{value:{sign}.{self.digits}f}"
