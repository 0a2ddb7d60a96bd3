"""Recall over a whole validation set: which image is spoken of, and which caption belongs to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.models.abs_validator import AbsValidator
from espnet_av.modules.statistics import HIGHER
from espnet_av.ops.retrieval import retrieval_ranks

RECALL_STATS = {
    "r1": HIGHER,
    "r1_speech_to_image": HIGHER,
    "r1_image_to_speech": HIGHER,
    "r10_speech_to_image": HIGHER,
    "r10_image_to_speech": HIGHER,
}
"""Share of queries that find what belongs to them first, or among ten; `r1` is the mean of both
directions. An image is there once, however many captions it has; any of them is right."""


class RecallValidator(AbsValidator):
    """Recall in both directions, by the vectors alone."""

    stats = RECALL_STATS

    def outputs(self, model: Any, batch: Mapping[str, Any]) -> Sequence[Any]:
        """See `AbsValidator`: the vectors of both sides, and the number of the image."""
        vectors = model.vectors(batch)
        if model.similarity == "cosine":
            vectors = {view: F.normalize(rows.float(), dim=1) for view, rows in vectors.items()}
        columns = (vectors["speech"], vectors["image"], batch["image_id"])
        return list(zip(*(column.float().cpu() for column in columns), strict=True))

    def figures(self, kept: Mapping[str, Any]) -> Mapping[str, float]:
        """See `AbsValidator`."""
        if not kept:
            return dict.fromkeys(self.stats, float("nan"))
        speech, image, number = (torch.stack(column) for column in zip(*kept.values(), strict=True))
        ids, rows = number.long(), _first_rows(number.long())
        back = retrieval_ranks(image[rows], speech, ids[rows], ids)
        ranks = {
            "speech_to_image": retrieval_ranks(speech, image[rows], ids, ids[rows]),
            "image_to_speech": back,
        }
        found = {
            f"r{most}_{direction}": float((rank <= most).double().mean())
            for direction, rank in ranks.items()
            for most in (1, 10)
        }
        return {**found, "r1": sum(found[f"r1_{direction}"] for direction in ranks) / len(ranks)}


def _first_rows(ids: Tensor) -> Tensor:
    """(N,) -> the first row of each number, in the order of the numbers."""
    rows: dict[int, int] = {}
    for row, number in enumerate(ids.tolist()):
        rows.setdefault(number, row)
    return torch.tensor([rows[number] for number in sorted(rows)])
