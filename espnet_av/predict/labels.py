"""Classes of utterances: who it is, which word, which language."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.table import write_table
from espnet_av.errors import ConfigError
from espnet_av.predict.prediction import Predictions, Work

_NUM_KEPT = 5


@dataclass(frozen=True, kw_only=True)
class Labels(Predictions):
    """The classes of a set, each utterance's most likely ones first."""

    found: Mapping[str, dict[str, float]]
    """Utterance -> class -> probability, of the most likely ones."""

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `label` (the best), `labels.jsonl` (the best few) and `ref.label`."""
        utt_ids = self.ordered(data)
        write_table(folder / "label", {u: next(iter(self.found[u])) for u in utt_ids})
        with (folder / "labels.jsonl").open("w", encoding="utf-8") as stream:
            for utt_id in utt_ids:
                record = {"utt": utt_id, "labels": self.found[utt_id]}
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        refs = data.tables.get("utt2label", {})
        if refs:
            label_of = self.dataset.config.label_of
            there = {u: label_of(refs[u]) for u in utt_ids if u in refs}
            write_table(folder / "ref.label", there)


@torch.inference_mode()
def predict_labels(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> Labels:
    """Classify every utterance of a set.

    The model's `predict_labels(batch)` gives (B, C) scores whose softmax are probabilities; the
    names of the classes are those of `dataset.labels` in its training.

    Raises:
        ConfigError: it has another number of classes than there are names.
    """
    names = dataset.config.classes
    found: dict[str, dict[str, float]] = {}
    for batch, on_device in work.batches(dataset):
        scores = work.model.predict_labels(on_device)
        if scores.size(1) != len(names):
            msg = (
                f"the model tells {scores.size(1)} classes, but dataset.labels of its training "
                f"has {len(names)} names; put the config.yaml back that it was trained with"
            )
            raise ConfigError(msg)
        best = scores.float().softmax(dim=1).topk(min(_NUM_KEPT, len(names)), dim=1)
        for utt_id, shares, places in zip(
            batch.utt_id, best.values.tolist(), best.indices.tolist(), strict=True
        ):
            found[utt_id] = {
                names[place]: round(share, 6) for place, share in zip(places, shares, strict=True)
            }
        advance(len(batch.utt_id))
    return Labels(work=work, dataset=dataset, found=found)
