"""The states of all layers of a model, stored once for whoever learns from them frozen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dropped import Drop, write_dropped
from espnet_av.data.fields import find_table
from espnet_av.data.tables import STATES
from espnet_av.errors import DataDirError
from espnet_av.models.states import state_numbers
from espnet_av.predict.prediction import Predictions, Work
from espnet_av.train.stored_states import told_of_states

logger = logging.getLogger(__name__)

_SHORT = "shorter than one frame of the model"


@dataclass(frozen=True, kw_only=True)
class States(Predictions):
    """States that are computed while they are written: those of a set do not fit in memory."""

    found: dict[str, None]
    """Those of which nothing can be stored are taken out when that is found."""
    advance: Callable[[int], None]

    def facts(self) -> dict[str, Any]:
        """Which states of which weights, and frames a second."""
        return told_of_states(self.work.model, _numbers(self.work))

    @torch.inference_mode()
    def write(self, folder: Path, data: DataDir) -> None:
        """Write a data dir that heads are trained on: `states.scp`, and what is known of the set.

        `states.ark` has (T, N, D) float16 of each utterance: half of what they take as they are
        computed, while the largest error of a state is 2 ** -11 of it.
        """
        numbers, pointers = _numbers(self.work), dict[str, str]()
        with ArkWriter(folder / "states.ark") as ark:
            for batch, on_device in self.work.batches(self.dataset):
                found, lengths = self.work.model.extract_features(on_device.as_dict(), numbers)
                # N x (B, T, D) -> (B, T, N, D)
                states = torch.stack([state.half() for state in found], dim=2).cpu().numpy()
                for utt_id, row, length in zip(batch.utt_id, states, lengths.tolist(), strict=True):
                    if length:
                        pointers[utt_id] = ark.write_array(utt_id, row[:length])
                self.advance(len(batch.utt_id))
        self._tell_short_ones(folder, data, pointers)
        kept = data.subset(pointers)
        tables = {name: rows for name, rows in kept.tables.items() if not _is_file(name)}
        write_data_dir(folder, {**tables, STATES.name: pointers}, kept.ctm)

    def _tell_short_ones(self, folder: Path, data: DataDir, there: Collection[str]) -> None:
        """List what is so short that the model has no frame of it: heads cannot learn from it.

        Raises:
            DataDirError: nothing is left.
        """
        short = [utt_id for utt_id in self.ordered(data) if utt_id not in there]
        write_dropped(folder / "dropped.tsv", [Drop(utt_id, _SHORT, "") for utt_id in short])
        for utt_id in short:
            del self.found[utt_id]
        if short and not there:
            msg = f"{data.path}: all {len(short)} utterances are {_SHORT}, such as {short[0]}; "
            raise DataDirError(msg + "look at their sound, or take another model")
        if short:
            told = (data.path, len(short), len(short) + len(there), _SHORT, short[0])
            logger.warning("%s: %d of %d utterances are %s, such as %s: left out", *told)


def predict_states(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> States:
    """Make ready to compute the states of every utterance of a set."""
    found = dict.fromkeys(dataset.utt_ids)
    return States(work=work, dataset=dataset, found=found, advance=advance)


def _numbers(work: Work) -> list[int | None]:
    return list(work.layers) or state_numbers(work.model)


def _is_file(name: str) -> bool:
    table = find_table(name)
    return table is not None and table.is_file
