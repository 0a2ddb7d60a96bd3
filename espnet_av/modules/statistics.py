"""What a model tells of a batch besides its loss: names, which way is better, sums and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Stat:
    """One figure that a model reports."""

    best: Literal["min", "max"] | None = None
    """Which end is the better one; None: neither, it only describes."""
    is_count: bool = False
    """Batches add up, instead of being averaged."""


LOWER = Stat(best="min")
"""Better when lower: losses, error rates."""
HIGHER = Stat(best="max")
"""Better when higher: accuracies."""
PLAIN = Stat()
"""Neither: shares of what is masked, codes in use."""
COUNT = Stat(best="min", is_count=True)
"""How many of something that had better not be."""


class Weighted(NamedTuple):
    """A figure of a batch, and what it is divided by; both add up over batches and processes."""

    total: Tensor
    """() sum, e.g. of nats, or of frames that are right."""
    weight: Tensor | float
    """() number of utterances, frames or tokens; 0 = it does not apply to this batch."""

    @property
    def mean(self) -> Tensor:
        """() of this batch alone; NaN where it does not apply."""
        return self.total / self.weight


def mean_over(value: Tensor, weight: Tensor | float) -> Weighted:
    """A mean () over `weight` things; infinite stays infinite."""
    value = value.detach()
    number = _on(value.device, weight)
    # In double, so that the mean comes out as it went in. Not a plain product: infinity or NaN
    # over nothing is nothing.
    return Weighted(torch.where(number > 0, value.double() * number, 0.0), number)


def count_of(number: Tensor) -> Weighted:
    """How many there are in this batch, (); for a `Stat` that is a count."""
    return Weighted(number, 1.0)


class Statistics(dict[str, Tensor]):
    """Name -> figure () float32 of a batch, as ESPnet's Trainer takes it: mean, or number.

    NaN where one does not apply. Training goes by `totals` instead, which add up exactly.

    Args:
        declared: every statistic of the model: so the names are the same at every step.
        found: those that apply to this batch, `loss` among them, whose device all go to.
    """

    def __init__(self, declared: Mapping[str, Stat], found: Mapping[str, Weighted]) -> None:
        assert found.keys() <= declared.keys(), f"not declared: {found.keys() - declared.keys()}"
        device = found["loss"].total.device
        zero = torch.zeros((), dtype=torch.float64, device=device)
        pairs = [found.get(name, Weighted(zero, zero)) for name in declared]
        rows = [[_on(device, value) for value in row] for row in zip(*pairs, strict=True)]
        self.totals = torch.stack([torch.stack(row) for row in rows])
        """(2, K) float64: sums and weights, in the order of the names."""
        means = self.totals[0] / self.totals[1]
        super().__init__(zip(declared, means.float().unbind(), strict=True))

    def is_broken(self, name: str) -> Tensor:
        """() bool: it applies, and is NaN or infinite."""
        return ~torch.isfinite(self.totals[0, list(self).index(name)])


def _on(device: torch.device, value: Tensor | float) -> Tensor:
    """() float64, without a wait for the device."""
    if isinstance(value, Tensor):
        return value.detach().to(device, torch.float64, non_blocking=True).reshape(())
    return torch.full((), value, dtype=torch.float64, device=device)
