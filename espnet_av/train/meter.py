"""Sums of statistics over an interval, kept on the device until they are asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from espnet_av.rates import FRAME_HZ
from espnet_av.train.step_batch import StepBatch


class StatsMeter:
    """Exact weighted means of the statistics that a model returns.

    The first call fixes the keys; later calls must bring the same ones, as ranks could not be
    added up otherwise. NaN means 'does not apply here' and leaves a key's mean alone; infinity
    makes it infinite.
    """

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._sums: Tensor | None = None

    def add(self, stats: Mapping[str, Any], weight: Tensor) -> None:
        """Add 0-dim or 1-element statistics with the weight they are means over (no host sync)."""
        keys = sorted(key for key, value in stats.items() if value is not None)
        if self._sums is None:
            self._keys = keys
            self._sums = torch.zeros(2, len(keys), dtype=torch.float64, device=weight.device)
        assert keys == self._keys, f"statistics changed from {self._keys} to {keys}"
        if not keys:
            return
        values = torch.stack([_scalar(stats[key], weight.device) for key in keys])
        weights = ~torch.isnan(values) * weight.detach().reshape(()).double()
        # Not a product: infinity in a batch that does not count, times 0, would be NaN.
        weighted = torch.where(weights == 0, 0.0, values * weights)
        self._sums += torch.stack([weighted, weights])

    def totals(self) -> Tensor:
        """(2, K) float64 sums and weights, to be added over ranks; empty before the first `add`."""
        return torch.zeros(2, 0) if self._sums is None else self._sums

    def means(self, totals: Tensor) -> dict[str, float]:
        """Key -> mean from (summed) totals; a key that never applied is NaN."""
        sums, weights = totals.cpu().tolist()
        pairs = zip(self._keys, sums, weights, strict=True)
        return {key: total / weight if weight else float("nan") for key, total, weight in pairs}

    def reset(self) -> None:
        """Start the next interval."""
        self._sums = None


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


def _scalar(value: Any, device: torch.device) -> Tensor:
    return torch.as_tensor(value, device=device).detach().double().reshape(())
