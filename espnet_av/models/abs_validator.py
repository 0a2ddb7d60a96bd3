"""Figures over a whole validation set that are no means over its batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from espnet_av.modules.statistics import Stat


class AbsValidator(ABC):
    """Keeps something of every utterance, and makes figures of all of it together.

    For example recall among all images, the mean cosine of each language, or errors over all
    reference tokens. A model names its validators; `best_model_criterion` may name their figures.
    """

    stats: ClassVar[Mapping[str, Stat]]
    """Figures that it gives."""

    @abstractmethod
    def outputs(self, model: Any, batch: Mapping[str, Any]) -> Sequence[Any]:
        """What is kept of each utterance of a batch, in its order.

        Args:
            model: in evaluation, without gradients.
            batch: fields as its `forward` takes them.

        Returns:
            Numbers, strings, or tensors on the CPU; processes send them to each other.
        """

    @abstractmethod
    def figures(self, kept: Mapping[str, Any]) -> Mapping[str, float]:
        """Every figure of `stats`; NaN where one does not apply.

        Args:
            kept: utterance -> what was kept of it, sorted by utterance; each once, however many
                processes there were.
        """
