"""A mean over seeds with its interval: where another training would fall."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, with its interval (Student's t) where there are two or more."""

    values: tuple[float, ...]
    """One for each seed."""

    @property
    def mean(self) -> float:
        """Over seeds."""
        return fmean(self.values)

    @property
    def half_width(self) -> float | None:
        """None: there is one seed."""
        if len(self.values) < 2:
            return None
        from scipy.stats import t

        count = len(self.values)
        return float(t.ppf((1 + LEVEL) / 2, count - 1)) * stdev(self.values) / sqrt(count)

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        half = self.half_width
        return half is not None and abs(self.mean) > half
