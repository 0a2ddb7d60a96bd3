"""Features of frames, layer by layer, for whoever compares them (ABX)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from espnet_av.data.ark import ArkWriter
from espnet_av.data.batch import Batch
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.table import write_ctm, write_table
from espnet_av.data.target import shared_meanings
from espnet_av.ops.mfcc import mfcc_with_deltas
from espnet_av.predict.condition import CONTROL, CTM
from espnet_av.predict.prediction import Predictions, Work


@dataclass(frozen=True, kw_only=True)
class Frames(Predictions):
    """Features that are computed while they are written: those of a set do not fit in memory."""

    found: Mapping[str, None]
    advance: Callable[[int], None]

    def facts(self) -> dict[str, Any]:
        """Layers, and frames a second."""
        names = [_name(layer) for layer in _layers(self.work)]
        return {"layers": names, "frame_hz": float(self.work.model.feature_rate)}

    @torch.inference_mode()
    def write(self, folder: Path, data: DataDir) -> None:
        """Write `<layer>.ark` with (T, D) of each utterance, and `<layer>.scp`.

        Beside them stand the MFCC of what was heard, which learned nothing, as a control, the
        alignment of the set, if it has one, samples of each utterance, and what was said.
        """
        layers = _layers(self.work)
        names = [*map(_name, layers), CONTROL]
        rows: dict[str, dict[str, str]] = {name: {} for name in names}
        with ExitStack() as stack:
            arks = {name: stack.enter_context(ArkWriter(folder / f"{name}.ark")) for name in names}
            for batch, on_device in self.work.batches(self.dataset):
                found, lengths = self.work.model.extract_features(on_device.as_dict(), layers)
                cut = [_cut(features, lengths) for features in found]
                for name, features in zip(names, [*cut, _mfcc(batch)], strict=True):
                    for utt_id, frames in zip(batch.utt_id, features, strict=False):
                        if len(frames):
                            values = frames.float().cpu().numpy()
                            rows[name][utt_id] = arks[name].write_array(utt_id, values)
                self.advance(len(batch.utt_id))
        for name, pointers in rows.items():
            there = {u: pointers[u] for u in self.ordered(data) if u in pointers}
            write_table(folder / f"{name}.scp", there)
        utt_ids = set(self.ordered(data))
        if data.ctm:
            write_ctm(folder / CTM, {u: data.ctm[u] for u in data.ctm if u in utt_ids})
        said = data.tables.get("text", {})
        if said:
            write_table(folder / "ref.text", {u: said[u] for u in self.ordered(data) if u in said})
        meanings = shared_meanings(data, self.ordered(data))
        if meanings:
            write_table(folder / "ref.meaning", meanings)
        samples = data.tables.get("utt2num_samples", {})
        if samples:
            write_table(
                folder / "utt2num_samples", {u: samples[u] for u in utt_ids if u in samples}
            )


def _cut(features: Tensor, lengths: Tensor) -> Iterable[Tensor]:
    return [frames[:length] for frames, length in zip(features, lengths.tolist(), strict=True)]


def _mfcc(batch: Batch) -> Iterable[Tensor]:
    if batch.speech is None or batch.speech_lengths is None:
        return []
    lengths = batch.speech_lengths.tolist()
    return [mfcc_with_deltas(row[:n]) for row, n in zip(batch.speech, lengths, strict=True)]


def predict_frames(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> Frames:
    """Make ready to compute the features of every utterance of a set."""
    found = dict.fromkeys(dataset.utt_ids)
    return Frames(work=work, dataset=dataset, found=found, advance=advance)


def _layers(work: Work) -> list[int | None]:
    return list(work.layers) or [None]


def _name(layer: int | None) -> str:
    return "output" if layer is None else f"layer{layer}"
