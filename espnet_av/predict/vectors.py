"""One vector for each view of an utterance: what was said, what the picture shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.table import write_table
from espnet_av.predict.prediction import Predictions, Work


@dataclass(frozen=True, kw_only=True)
class Vectors(Predictions):
    """The vectors of a set."""

    found: Mapping[str, dict[str, np.ndarray]]
    """Utterance -> view -> (D,) float32 of length 1."""

    def facts(self) -> dict[str, Any]:
        """The views, in the order of the model."""
        return {"views": list(next(iter(self.found.values()), {}))}

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `<view>.ark` and `<view>.scp`, and `ref.item`: what belongs to each utterance.

        Utterances of the same picture have the same item; without pictures each is its own.
        """
        utt_ids = self.ordered(data)
        for view in self.facts()["views"]:
            with ArkWriter(folder / f"{view}.ark") as ark:
                rows = {u: ark.write_array(u, self.found[u][view]) for u in utt_ids}
            write_table(folder / f"{view}.scp", rows)
        pictures = data.tables.get("image.scp", {})
        write_table(folder / "ref.item", {u: pictures.get(u, u) for u in utt_ids})


@torch.inference_mode()
def predict_vectors(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> Vectors:
    """Compute the vectors of every utterance of a set.

    The model's `predict_vectors(batch)` gives view -> (B, D), which are divided by their length.
    """
    found: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for batch, on_device in work.batches(dataset):
        for view, vectors in work.model.predict_vectors(on_device).items():
            unit = torch.nn.functional.normalize(vectors.float(), dim=1).cpu().numpy()
            for utt_id, vector in zip(batch.utt_id, unit, strict=True):
                found[utt_id][view] = vector
        advance(len(batch.utt_id))
    return Vectors(work=work, dataset=dataset, found=dict(found))
