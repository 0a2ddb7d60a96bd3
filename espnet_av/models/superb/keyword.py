"""KS: which word it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.models.abs_model import Sizes
from espnet_av.models.superb.config import KeywordConfig
from espnet_av.models.superb.probe import ProbeModel
from espnet_av.modules.statistics import HIGHER, LOWER, Statistics, Weighted, mean_over
from espnet_av.ops.lengths import valid_mask

STATS = {"loss": LOWER, "acc": HIGHER}
"""Nats an utterance; share of utterances that are wholly right."""
_NO_LABELS = "superb heads for classes learn from labels; list them in dataset.labels"


class KeywordModel(ProbeModel):
    """Mixed states -> Linear -> mean over time -> Linear; cross-entropy of the class.

    Args:
        config: see `KeywordConfig`.
        sizes: labels, the number of classes.

    Raises:
        ConfigError: there are no classes, or the model below has no layers.
    """

    config_class = KeywordConfig
    stats = STATS
    predicts = ("label", "frames")
    learns_from = "label"
    config: KeywordConfig

    def __init__(self, config: KeywordConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.project = nn.Linear(self.state_size, config.projection_size)
        self.head = nn.Linear(config.projection_size, self.num_outputs(sizes))

    def num_outputs(self, sizes: Sizes) -> int:
        """Numbers that the head gives."""
        return sizes.needed("labels", _NO_LABELS)

    def logits(self, batch: Mapping[str, Any]) -> Tensor:
        """(B, C) of the utterances."""
        mixed, lengths = self.mix(batch)
        inside = valid_mask(lengths, mixed.size(1), mixed.device).unsqueeze(2)
        total = torch.where(inside, self.project(mixed), 0.0).sum(dim=1)
        scores: Tensor = self.head(total / lengths.to(total.device, non_blocking=True)[:, None])
        return scores.float()

    def predict_labels(self, batch: Any) -> Tensor:
        """(B, C) scores whose softmax are probabilities, of a `Batch`."""
        return self.logits(batch.as_dict())

    def forward(self, **batch: Any) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the loss of a batch.

        Args:
            batch: `speech` (B, S) float, `speech_lengths` (B,) and `label` (B,) int64.

        Returns:
            (loss (), statistics, weight () = utterances).

        Raises:
            DataDirError: an utterance has no sound, or there are no labels.
        """
        labels, logits = self.target(batch), self.logits(batch)
        losses, right = self.score(logits, labels)
        count, loss = float(len(labels)), losses.mean()
        stats = {"loss": mean_over(loss, count), "acc": Weighted(right.sum(), count)}
        return loss, Statistics(STATS, stats), torch.full((), count, device=loss.device)

    def score(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B,) nats and (B,) bool, whether the best class is the label."""
        losses = F.cross_entropy(logits, labels, reduction="none")
        return losses, logits.argmax(dim=1) == labels
