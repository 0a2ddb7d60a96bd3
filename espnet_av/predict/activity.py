"""Who speaks when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.rttm import format_turns, write_rttm
from espnet_av.data.table import Segment
from espnet_av.ops.median_filter import median_of_flags
from espnet_av.predict.prediction import Predictions, Work

SWEEP = "turns"
"""Folder in that of a condition: the turns by every threshold and median filter of SUPERB."""
_THRESHOLD = 0.5
_THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
_MEDIANS = (1, 11)


@dataclass(frozen=True, kw_only=True)
class ActivityPredictions(Predictions):
    """The turns of all talkers of a set."""

    found: Mapping[str, list[Segment]]
    swept: Mapping[str, Mapping[str, list[Segment]]]
    """Threshold and median filter -> utterance -> turns."""

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `rttm`, `ref.rttm`, and ten more in `turns`, for the lowest error of all.

        An utterance in which nobody speaks has no line in them.
        """
        utt_ids = self.ordered(data)
        (folder / SWEEP).mkdir()
        for name, found in {"rttm": self.found, **self.swept}.items():
            path = folder / name if name == "rttm" else folder / SWEEP / f"{name}.rttm"
            write_rttm(path, {u: format_turns(found[u]) for u in utt_ids})
        refs = data.tables.get("rttm")
        if refs is not None:
            write_rttm(folder / "ref.rttm", {u: refs[u] for u in utt_ids if u in refs})


@torch.inference_mode()
def predict_activity(
    work: Work, dataset: AVDataset, advance: Callable[[int], None]
) -> ActivityPredictions:
    """Tell for every utterance of a set who speaks when.

    The model's `predict_activity(batch)` gives (B, T, S) probabilities of S talkers at its
    `feature_rate`, and (B,) frames; a talker speaks where it is above one half, after a median
    filter over `activity_median` frames.
    """
    found: dict[str, list[Segment]] = {}
    swept: dict[str, dict[str, list[Segment]]] = {
        f"threshold{threshold}_median{width}": {} for threshold, width in _settings()
    }
    rate, median = work.model.feature_rate, work.model.activity_median
    for batch, on_device in work.batches(dataset):
        shares, lengths = work.model.predict_activity(on_device)
        for utt_id, rows, length in zip(
            batch.utt_id, shares.float().cpu().numpy(), lengths.tolist(), strict=True
        ):
            found[utt_id] = _turns(rows[:length], _THRESHOLD, median, rate)
            for (threshold, width), turns in zip(_settings(), swept.values(), strict=True):
                turns[utt_id] = _turns(rows[:length], threshold, width, rate)
        advance(len(batch.utt_id))
    return ActivityPredictions(work=work, dataset=dataset, found=found, swept=swept)


def _settings() -> list[tuple[float, int]]:
    return [(threshold, median) for threshold in _THRESHOLDS for median in _MEDIANS]


def _turns(shares: np.ndarray, threshold: float, median: int, rate: float) -> list[Segment]:
    return turns_of(median_of_flags(shares > threshold, median), rate)


def turns_of(active: np.ndarray, frame_hz: float) -> list[Segment]:
    """Turns of the talkers 0, 1, ... from (T, S) bool at `frame_hz`."""
    turns = []
    for talker, row in enumerate(active.T):
        # A turn begins where 0 becomes 1, and ends where 1 becomes 0.
        edges = np.flatnonzero(np.diff(np.pad(row.astype(np.int8), 1)))
        for first, last in edges.reshape(-1, 2).tolist():
            turns.append(Segment(first / frame_hz, (last - first) / frame_hz, str(talker)))
    return sorted(turns)
