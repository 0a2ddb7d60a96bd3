"""Features of frames, layer by layer, for whoever compares them (ABX)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.table import write_table
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
        """Write `<layer>.ark` with (T, D) of each utterance, and `<layer>.scp`."""
        layers = _layers(self.work)
        rows: dict[str, dict[str, str]] = {_name(layer): {} for layer in layers}
        with ExitStack() as stack:
            arks = {name: stack.enter_context(ArkWriter(folder / f"{name}.ark")) for name in rows}
            for batch, on_device in self.work.batches(self.dataset):
                found, lengths = self.work.model.extract_features(on_device.as_dict(), layers)
                for name, features in zip(rows, found, strict=True):
                    values = features.float().cpu().numpy()
                    for utt_id, frames, length in zip(
                        batch.utt_id, values, lengths.tolist(), strict=True
                    ):
                        rows[name][utt_id] = arks[name].write_array(utt_id, frames[:length])
                self.advance(len(batch.utt_id))
        for name, pointers in rows.items():
            write_table(folder / f"{name}.scp", {u: pointers[u] for u in self.ordered(data)})


def predict_frames(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> Frames:
    """Make ready to compute the features of every utterance of a set."""
    found = dict.fromkeys(dataset.utt_ids)
    return Frames(work=work, dataset=dataset, found=found, advance=advance)


def _layers(work: Work) -> list[int | None]:
    return list(work.layers) or [None]


def _name(layer: int | None) -> str:
    return "output" if layer is None else f"layer{layer}"
