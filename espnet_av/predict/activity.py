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
from espnet_av.predict.prediction import Predictions, Work

_THRESHOLD = 0.5


@dataclass(frozen=True, kw_only=True)
class ActivityPredictions(Predictions):
    """The turns of all talkers of a set."""

    found: Mapping[str, list[Segment]]

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `rttm` and `ref.rttm`; an utterance in which nobody speaks has no line in them."""
        utt_ids = self.ordered(data)
        write_rttm(folder / "rttm", {u: format_turns(self.found[u]) for u in utt_ids})
        refs = data.tables.get("rttm")
        if refs is not None:
            write_rttm(folder / "ref.rttm", {u: refs[u] for u in utt_ids if u in refs})


@torch.inference_mode()
def predict_activity(
    work: Work, dataset: AVDataset, advance: Callable[[int], None]
) -> ActivityPredictions:
    """Tell for every utterance of a set who speaks when.

    The model's `predict_activity(batch)` gives (B, T, S) probabilities of S talkers at its
    `feature_rate`, and (B,) frames; a talker speaks where it is above one half.
    """
    found: dict[str, list[Segment]] = {}
    for batch, on_device in work.batches(dataset):
        shares, lengths = work.model.predict_activity(on_device)
        for utt_id, rows, length in zip(
            batch.utt_id, shares.float().cpu().numpy(), lengths.tolist(), strict=True
        ):
            found[utt_id] = turns_of(rows[:length] > _THRESHOLD, work.model.feature_rate)
        advance(len(batch.utt_id))
    return ActivityPredictions(work=work, dataset=dataset, found=found)


def turns_of(active: np.ndarray, frame_hz: float) -> list[Segment]:
    """Turns of the talkers 0, 1, ... from (T, S) bool at `frame_hz`."""
    turns = []
    for talker, row in enumerate(active.T):
        # A turn begins where 0 becomes 1, and ends where 1 becomes 0.
        edges = np.flatnonzero(np.diff(np.pad(row.astype(np.int8), 1)))
        for first, last in edges.reshape(-1, 2).tolist():
            turns.append(Segment(first / frame_hz, (last - first) / frame_hz, str(talker)))
    return sorted(turns)
