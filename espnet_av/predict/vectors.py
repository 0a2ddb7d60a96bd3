"""One vector for each view of an utterance: what was said, what the picture shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from espnet_av.data.ark import ArkWriter
from espnet_av.data.batch import Batch
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.table import write_table
from espnet_av.data.target import shared_meanings
from espnet_av.predict.prediction import Predictions, Work
from espnet_av.predict.reranking import rerank

_SHARED = ("image.scp", "teacher.scp")
"""Tables of what several utterances may have in common."""


@dataclass(frozen=True, kw_only=True)
class Vectors(Predictions):
    """The vectors of a set."""

    found: Mapping[str, dict[str, np.ndarray]]
    """Utterance -> view -> (D,) float32, to be compared by their inner product."""
    parts: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)
    """View -> utterance -> (L, D') float16 on the CPU, for a finer score of pairs; none: there is
    no such score."""

    def facts(self) -> dict[str, Any]:
        """The views, in the order of the model, and how many candidates a finer score orders."""
        views = {"views": list(next(iter(self.found.values()), {}))}
        return views | ({"num_candidates": self.work.model.num_candidates} if self.parts else {})

    def write(self, folder: Path, data: DataDir) -> None:
        """Write `<view>.ark` and `<view>.scp`, and `ref.item`: what belongs to each utterance.

        Utterances of the same picture, or of the same sentence of a teacher, have the same item;
        without these each is its own. `ref.meaning` is what utterances in several languages say, in
        one that all are translated into. A view of what has names (`utt2image`, `utt2teacher`) is
        written under these, each once. Where there is a finer score, `<view>_to_<view>.order` has
        the candidates of each vector, the best first.
        """
        utt_ids = self.ordered(data)
        table = next((name for name in _SHARED if name in data.tables), _SHARED[0])
        shared, named = data.tables.get(table, {}), data.is_keyed(table)
        items = {u: (data.key(table, u) if named else shared.get(u)) or u for u in utt_ids}
        first = {item: u for u, item in reversed(items.items())}
        # With one utterance each, what was said would be theirs, too.
        named = named and len(first) < len(utt_ids)
        names: dict[str, dict[str, str]] = {}
        for view in self.facts()["views"]:
            found = {u: self.found[u][view] for u in utt_ids}
            is_shared = named and all(
                same_vector(found[first[items[u]]], found[u]) for u in utt_ids
            )
            names[view] = first if is_shared else {u: u for u in utt_ids}
            with ArkWriter(folder / f"{view}.ark") as ark:
                rows = {name: ark.write_array(name, found[u]) for name, u in names[view].items()}
            write_table(folder / f"{view}.scp", rows)
        write_table(folder / "ref.item", items)
        said = data.tables.get("text", {})
        if said:
            write_table(folder / "ref.text", {u: said[u] for u in utt_ids if u in said})
        meanings = shared_meanings(data, utt_ids)
        if meanings:
            write_table(folder / "ref.meaning", meanings)
        if self.parts:
            self._write_orders(folder, names)

    @torch.inference_mode()
    def _write_orders(self, folder: Path, names: Mapping[str, Mapping[str, str]]) -> None:
        """Candidates of each vector in both directions; `names`: view -> name -> utterance."""
        vectors = {
            view: {name: self.found[u][view] for name, u in owners.items()}
            for view, owners in names.items()
        }
        parts = {
            view: {name: self.parts[view][u] for name, u in owners.items()}
            for view, owners in names.items()
        }
        for query, item in permutations(names):
            found = rerank(
                self.work.model, vectors[query], vectors[item], parts, (query, item),
                self.work.device,
            )  # fmt: skip
            orders = {name: " ".join(order) for name, order in found.items()}
            write_table(folder / f"{query}_to_{item}.order", orders)


def same_vector(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether vectors differ by no more than their place in a batch makes them."""
    return bool(np.allclose(one, other, rtol=0.0, atol=1e-3 * float(np.abs(one).max())))


def vectors_of(model: Any, batch: Batch) -> dict[str, Tensor]:
    """View -> (B, D) float32 of a batch, of length 1 where the model compares directions."""
    found = {view: vectors.float() for view, vectors in model.predict_vectors(batch).items()}
    if model.similarity != "cosine":
        return found
    return {view: torch.nn.functional.normalize(rows, dim=1) for view, rows in found.items()}


@torch.inference_mode()
def predict_vectors(work: Work, dataset: AVDataset, advance: Callable[[int], None]) -> Vectors:
    """Compute the vectors of every utterance of a set.

    The model's `predict_vectors(batch)` gives view -> (B, D), which are divided by their length
    unless the model compares them as they are (`similarity` is dot). One that has a finer score
    (`num_candidates`) gives view -> what `score_parts` looks at by `predict_parts(batch)`.
    """
    found: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    parts: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for batch, on_device in work.batches(dataset):
        for view, vectors in vectors_of(work.model, on_device).items():
            for utt_id, vector in zip(batch.utt_id, vectors.cpu().numpy(), strict=True):
                found[utt_id][view] = vector
        if work.model.num_candidates:
            for view, rows in work.model.predict_parts(on_device).items():
                kept = (row.half().cpu() for row in rows)
                parts[view].update(zip(batch.utt_id, kept, strict=True))
        advance(len(batch.utt_id))
    return Vectors(work=work, dataset=dataset, found=dict(found), parts=dict(parts))
