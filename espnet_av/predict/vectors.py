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
    """Utterance -> view -> (D,) float32, to be compared by their inner product."""

    def facts(self) -> dict[str, Any]:
        """The views, in the order of the model."""
        return {"views": list(next(iter(self.found.values()), {}))}

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `<view>.ark` and `<view>.scp`, and `ref.item`: what belongs to each utterance.

        Utterances of the same picture have the same item; without pictures each is its own. A view
        of named pictures (`utt2image`) is written under their names, each once.
        """
        utt_ids = self.ordered(data)
        pictures = data.tables.get("image.scp", {})
        named = data.is_keyed("image.scp")
        items = {u: (data.key("image.scp", u) if named else pictures.get(u)) or u for u in utt_ids}
        for view in self.facts()["views"]:
            found = {u: self.found[u][view] for u in utt_ids}
            by_item = {items[u]: vector for u, vector in found.items()}
            if named and all(np.array_equal(by_item[items[u]], found[u]) for u in utt_ids):
                found = by_item
            with ArkWriter(folder / f"{view}.ark") as ark:
                rows = {name: ark.write_array(name, vector) for name, vector in found.items()}
            write_table(folder / f"{view}.scp", rows)
        write_table(folder / "ref.item", items)


@torch.inference_mode()
def predict_vectors(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> Vectors:
    """Compute the vectors of every utterance of a set.

    The model's `predict_vectors(batch)` gives view -> (B, D), which are divided by their length
    unless the model compares them as they are (`similarity` is dot).
    """
    found: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for batch, on_device in work.batches(dataset):
        for view, vectors in work.model.predict_vectors(on_device).items():
            vectors = vectors.float()
            if work.model.similarity == "cosine":
                vectors = torch.nn.functional.normalize(vectors, dim=1)
            for utt_id, vector in zip(batch.utt_id, vectors.cpu().numpy(), strict=True):
                found[utt_id][view] = vector
        advance(len(batch.utt_id))
    return Vectors(work=work, dataset=dataset, found=dict(found))
