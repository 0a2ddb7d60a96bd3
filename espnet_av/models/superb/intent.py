"""IC: what is wanted, a value for each of several slots."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.superb.config import IntentConfig
from espnet_av.models.superb.keyword import KeywordModel


class IntentModel(KeywordModel):
    """As `KeywordModel`, with a softmax for each slot; the loss is the sum of theirs.

    An utterance is right if all its slots are. A class is one value of each slot, numbered with the
    last slot fastest; its score is the sum of log-probabilities, so that the best class is the best
    value of each.

    Args:
        config: see `IntentConfig`.
        sizes: labels, all classes.

    Raises:
        ConfigError: there are not as many classes as the slots make.
    """

    config_class = IntentConfig
    config: IntentConfig

    def num_outputs(self, sizes: Sizes) -> int:
        """See `KeywordModel`: the values of all slots."""
        slots, found = self.config.slot_sizes, super().num_outputs(sizes)
        if found != self.config.num_classes:
            msg = (
                f"slot_sizes {list(slots)} make {self.config.num_classes} classes, but the data "
                f"have {found}; give dataset.label_slots the values of each slot"
            )
            raise ConfigError(msg)
        return sum(slots)

    def predict_labels(self, batch: Any) -> Tensor:
        """See `KeywordModel`."""
        found = torch.zeros(len(batch), 1)
        for scores in self.logits(batch.as_dict()).split(self.config.slot_sizes, dim=1):
            # (B, C) and (B, V) -> (B, C * V)
            found = found.to(scores.device).unsqueeze(2) + scores.log_softmax(dim=1).unsqueeze(1)
            found = found.flatten(1)
        return found

    def score(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """See `KeywordModel`."""
        losses = torch.zeros(len(labels), device=logits.device)
        right = torch.ones_like(labels, dtype=torch.bool)
        slots = logits.split(self.config.slot_sizes, dim=1)
        for scores in reversed(slots):
            wanted = labels % scores.size(1)
            labels = torch.div(labels, scores.size(1), rounding_mode="floor")
            losses = losses + F.cross_entropy(scores, wanted, reduction="none")
            right = right & (scores.argmax(dim=1) == wanted)
        return losses, right
