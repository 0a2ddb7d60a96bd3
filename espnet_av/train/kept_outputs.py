"""What the validators of a model keep of a validation set, brought together from all processes."""

from __future__ import annotations

from typing import Any

from torch import distributed

from espnet_av.models.abs_model import AVModel
from espnet_av.train.step_batch import StepBatch


class KeptOutputs:
    """Of each utterance once, for each validator.

    Args:
        model: in evaluation.
    """

    def __init__(self, model: AVModel) -> None:
        self._model, self._validators = model, model.validators()
        self._kept: list[dict[str, Any]] = [{} for _ in self._validators]

    def add(self, batch: StepBatch) -> None:
        """Take what a batch gives; of one that another process counts, nothing."""
        for validator, kept in zip(self._validators, self._kept, strict=True):
            # Sharded models communicate: all processes compute as many batches.
            outputs = validator.outputs(self._model, batch.batch.as_dict())
            if batch.counted:
                kept.update(zip(batch.batch.utt_id, outputs, strict=True))

    def figures(self) -> dict[str, float]:
        """Figures of all validators over the whole set, the same in every process."""
        figures: dict[str, float] = {}
        for validator, kept in zip(self._validators, self._kept, strict=True):
            whole = {utt_id: output for part in _gather(kept) for utt_id, output in part.items()}
            found = validator.figures(dict(sorted(whole.items())))
            assert found.keys() == validator.stats.keys(), f"other figures: {list(found)}"
            figures |= found
        return figures


def _gather(kept: dict[str, Any]) -> list[dict[str, Any]]:
    if not (distributed.is_available() and distributed.is_initialized()):
        return [kept]
    parts: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(parts, kept)
    return parts
