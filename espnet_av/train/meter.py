"""Sums of statistics over an interval, kept on the device until they are asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import torch
from torch import Tensor

from espnet_av.modules.statistics import Stat, Statistics
from espnet_av.rates import FRAME_HZ
from espnet_av.train.step_batch import StepBatch


class StatsMeter:
    """Exact figures over the batches of an interval, from the statistics that a model returns.

    Means are sums over counts, whatever the batches; counts of something add up. NaN in a batch
    leaves a figure alone; infinity makes it infinite.

    Args:
        declared: every statistic of the model; none other may come.
    """

    def __init__(self, declared: Mapping[str, Stat]) -> None:
        self._declared = declared
        self._totals: Tensor | None = None

    def add(self, stats: Statistics, counted: bool = True) -> None:
        """Add a batch (no host sync), or nothing of it if another process counts it."""
        assert stats.keys() == self._declared.keys(), f"other statistics: {list(stats)}"
        if self._totals is None:
            self._totals = torch.zeros_like(stats.totals)
        if counted:
            applies = (stats.totals[1] > 0) & ~stats.totals[0].isnan()
            # Not a product: infinity that does not count, times 0, would be NaN.
            self._totals += torch.where(applies, stats.totals, 0.0)

    def totals(self) -> Tensor:
        """(2, K) float64 sums and counts, to be added over ranks; all 0 before the first `add`."""
        if self._totals is None:
            return torch.zeros(2, len(self._declared), dtype=torch.float64)
        return self._totals

    def figures(self, totals: Tensor) -> dict[str, float]:
        """Key -> mean or number from (summed) totals; a key that never applied is NaN."""
        rows = zip(self._declared.items(), *totals.cpu().tolist(), strict=True)
        return {
            name: (total if stat.is_count else total / count) if count else math.nan
            for (name, stat), total, count in rows
        }

    def reset(self) -> None:
        """Start the next interval."""
        self._totals = None


class ThroughputMeter:
    """Utterances, frames, padding and time spent waiting for data, of one process."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start the next interval now."""
        self.utterances = self.frames = self.padded_frames = 0
        self.wait_sec = 0.0
        self._started = self._ready_since = time.monotonic()

    def batch_arrived(self, batch: StepBatch) -> None:
        """Call when the loop gets a batch: what passed since `batch_done` was waiting."""
        self.wait_sec += time.monotonic() - self._ready_since
        self.utterances += len(batch.batch)
        self.frames += batch.num_frames
        self.padded_frames += batch.num_padded_frames

    def batch_done(self) -> None:
        """Call when the loop is about to ask for the next batch."""
        self._ready_since = time.monotonic()

    def pause(self) -> None:
        """Stop the clock, e.g. for a validation."""
        self._paused_at = time.monotonic()

    def resume(self) -> None:
        """Let the clock run again."""
        self._started += time.monotonic() - self._paused_at

    def totals(self) -> Tensor:
        """(5,) float64: utterances, frames, padded frames, seconds waited, seconds passed."""
        work = [self.utterances, self.frames, self.padded_frames]
        passed = time.monotonic() - self._started
        figures = [*work, self.wait_sec, passed]
        return torch.tensor(figures, dtype=torch.float64)


def rates(totals: Tensor, world_size: int) -> dict[str, float]:
    """Figures for the log from `ThroughputMeter.totals` summed over `world_size` ranks."""
    utterances, frames, padded, waited, passed = totals.tolist()
    seconds = max(passed / world_size, 1e-9)
    return {
        "speech_hours_per_hour": frames / FRAME_HZ / seconds,
        "utts_per_sec": utterances / seconds,
        "frames_per_sec": frames / seconds,
        "padding_share": 1.0 - frames / padded if padded else 0.0,
        "data_wait_share": waited / max(passed, 1e-9),
    }
