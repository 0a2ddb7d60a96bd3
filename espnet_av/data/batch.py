"""One padded batch of utterances, as every model takes it; its fields are those of `fields.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from espnet_av.data.fields import FIELDS, Batching, Field, check_field
from espnet_av.errors import DataDirError

Value = np.ndarray | str
"""Of a field: an array, or a text."""


class Sample:
    """One utterance as the dataset yields it; an absent field is `None`.

    Args:
        utt_id: the utterance.
        fields: arrays and texts by the name of their field (`FIELDS`).

    Raises:
        ConfigError: there is no such kind of data.
    """

    def __init__(self, *, utt_id: str, **fields: Value | None) -> None:
        for name in fields:
            check_field(name)
        self.utt_id = utt_id
        self.fields = {name: value for name, value in fields.items() if value is not None}

    def array(self, name: str) -> np.ndarray | None:
        """The array of a field; None if the utterance has none."""
        value = self.fields.get(name)
        assert not isinstance(value, str), f"{name} is a text"
        return value

    @property
    def speech(self) -> np.ndarray | None:
        """(S,) float32 in [-1, 1] at 16 kHz; S = 640 * V where there is video."""
        return self.array("speech")

    @property
    def video(self) -> np.ndarray | None:
        """(V, H, W) uint8 at 25 Hz."""
        return self.array("video")

    @property
    def text(self) -> np.ndarray | None:
        """(L,) int64 token ids."""
        return self.array("text")

    @property
    def units(self) -> np.ndarray | None:
        """(T,) int64 labels at the frame rate of the model (25 or 50 Hz), -1 where unlabelled."""
        return self.array("units")

    @property
    def lang(self) -> str | None:
        """The language spoken."""
        value = self.fields.get("lang")
        return value if isinstance(value, str) else None


class Batch:
    """Padded utterances; a modality or label that no utterance of the batch has is `None`.

    Args:
        utt_id: the utterances.
        fields: (B, ...) tensors and lists by the name of their field, and `<name>_lengths`, (B,)
            int64, of those that are padded.

    Raises:
        ConfigError: there is no such kind of data.
    """

    def __init__(self, *, utt_id: list[str], **fields: Tensor | list[str] | None) -> None:
        for name in fields:
            check_field(name if name in FIELDS else name.removesuffix("_lengths"))
        self.utt_id = utt_id
        self.fields = {name: value for name, value in fields.items() if value is not None}

    def __len__(self) -> int:
        return len(self.utt_id)

    def tensor(self, name: str) -> Tensor | None:
        """The tensor of a field, or of its `<name>_lengths`; None if no utterance has any."""
        value = self.fields.get(name)
        assert not isinstance(value, list), f"{name} is a list"
        return value

    @property
    def speech(self) -> Tensor | None:
        """(B, S) float32, zeros after the end; an utterance without audio has length 0."""
        return self.tensor("speech")

    @property
    def speech_lengths(self) -> Tensor | None:
        """(B,) int64, samples."""
        return self.tensor("speech_lengths")

    @property
    def video(self) -> Tensor | None:
        """(B, V, H, W) uint8, zeros after the end; an utterance without video has length 0."""
        return self.tensor("video")

    @property
    def video_lengths(self) -> Tensor | None:
        """(B,) int64, frames."""
        return self.tensor("video_lengths")

    @property
    def text(self) -> Tensor | None:
        """(B, L) int64, -1 after the end."""
        return self.tensor("text")

    @property
    def text_lengths(self) -> Tensor | None:
        """(B,) int64, tokens."""
        return self.tensor("text_lengths")

    @property
    def units(self) -> Tensor | None:
        """(B, T) int64 labels at the frame rate of the model (25 or 50 Hz), -1 = no label."""
        return self.tensor("units")

    @property
    def units_lengths(self) -> Tensor | None:
        """(B,) int64, frames."""
        return self.tensor("units_lengths")

    @property
    def lang(self) -> list[str] | None:
        """The languages spoken, "" where one is not known."""
        value = self.fields.get("lang")
        return value if isinstance(value, list) else None

    def to(self, device: torch.device | str) -> Batch:
        """The same batch with its tensors on `device`; copies from pinned memory do not block."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """The same batch in page-locked memory (called by the data loader)."""
        return self._map(lambda tensor: tensor.pin_memory())

    def share_memory(self) -> None:
        """Move the tensors to shared memory, in place (called in a loading process)."""
        for value in self.fields.values():
            if isinstance(value, Tensor) and value.numel():
                value.share_memory_()

    def as_dict(self) -> dict[str, Any]:
        """The fields that are not `None`, for `model(**batch.as_dict())`."""
        return {"utt_id": self.utt_id, **self.fields}

    def _map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        moved = {
            name: function(value) if isinstance(value, Tensor) else value
            for name, value in self.fields.items()
        }
        return Batch(utt_id=self.utt_id, **moved)


def collate(samples: Sequence[Sample]) -> Batch:
    """Bring samples of one dataset to one batch, each field in its way.

    Raises:
        DataDirError: arrays of a field do not go together; the field and an utterance are named.
    """
    collated: dict[str, Tensor | list[str]] = {}
    for name, field in FIELDS.items():
        if any(name in sample.fields for sample in samples):
            collated |= _COLLATE[field.batching](field, samples)
    return Batch(utt_id=[sample.utt_id for sample in samples], **collated)


def _listed(field: Field, samples: Sequence[Sample]) -> dict[str, Tensor | list[str]]:
    return {field.name: [str(sample.fields.get(field.name, "")) for sample in samples]}


def _stacked(field: Field, samples: Sequence[Sample]) -> dict[str, Tensor | list[str]]:
    """Stack (...) arrays of one shape to (B, ...)."""
    arrays = [sample.array(field.name) for sample in samples]
    shapes = [None if array is None else array.shape for array in arrays]
    for sample, shape in zip(samples, shapes, strict=True):
        if shape is None or shape != shapes[0]:
            msg = (
                f"{sample.utt_id}: {field.name} of shape {shape}, but {samples[0].utt_id} has one "
                f"of {shapes[0]}; all are of one shape, make them in one way"
            )
            raise DataDirError(msg)
    return {field.name: torch.from_numpy(np.stack([a for a in arrays if a is not None]))}


def _padded(field: Field, samples: Sequence[Sample]) -> dict[str, Tensor | list[str]]:
    """Stack (n_i, ...) arrays to (B, max n, ...); a missing array becomes length 0."""
    arrays = [sample.array(field.name) for sample in samples]
    present = [array for array in arrays if array is not None]
    lengths = [0 if array is None else len(array) for array in arrays]
    kept = {array.shape[field.padded_axes :] for array in present}
    if len(kept) > 1 or len({array.ndim for array in present}) > 1:
        msg = (
            f"{samples[0].utt_id} and others: {field.name} of shapes "
            f"{sorted({array.shape for array in present})} in one batch, where only the first "
            f"{field.padded_axes} may differ; make the whole set in one way"
        )
        raise DataDirError(msg)
    sizes = [max(sizes) for sizes in zip(*(array.shape for array in present), strict=True)]
    padded = torch.full(
        (len(arrays), *sizes), field.padding, dtype=torch.from_numpy(present[0][:0]).dtype
    )
    for row, array in zip(padded, arrays, strict=True):
        if array is not None:
            row[tuple(map(slice, array.shape))] = torch.from_numpy(array)
    found = {field.name: padded, f"{field.name}_lengths": torch.tensor(lengths, dtype=torch.int64)}
    return dict(found)


_COLLATE: Mapping[Batching, Callable[[Field, Sequence[Sample]], dict[str, Tensor | list[str]]]] = {
    Batching.PADDED: _padded,
    Batching.STACKED: _stacked,
    Batching.LISTED: _listed,
}
