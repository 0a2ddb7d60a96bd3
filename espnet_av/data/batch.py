"""One padded batch of utterances, as every model takes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

PAD_ID = -1
"""Padding of `text` and `units`; losses ignore it."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One utterance as the dataset yields it; an absent field is `None`."""

    utt_id: str
    speech: np.ndarray | None = None
    """(S,) float32 in [-1, 1] at 16 kHz; S = 640 * V where there is video."""
    video: np.ndarray | None = None
    """(V, H, W) uint8 at 25 Hz."""
    text: np.ndarray | None = None
    """(L,) int64 token ids."""
    units: np.ndarray | None = None
    """(T,) int64 labels at the frame rate of the model (25 or 50 Hz), -1 where unlabelled."""
    lang: str | None = None


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Padded utterances; a modality or label that no utterance of the batch has is `None`."""

    utt_id: list[str]
    speech: Tensor | None = None
    """(B, S) float32, zeros after the end; an utterance without audio has length 0."""
    speech_lengths: Tensor | None = None
    """(B,) int64, samples."""
    video: Tensor | None = None
    """(B, V, H, W) uint8, zeros after the end; an utterance without video has length 0."""
    video_lengths: Tensor | None = None
    """(B,) int64, frames."""
    text: Tensor | None = None
    """(B, L) int64, -1 after the end."""
    text_lengths: Tensor | None = None
    """(B,) int64, tokens."""
    units: Tensor | None = None
    """(B, T) int64 labels at the frame rate of the model (25 or 50 Hz), -1 = no label."""
    units_lengths: Tensor | None = None
    """(B,) int64, frames."""
    lang: list[str] | None = None

    def __len__(self) -> int:
        return len(self.utt_id)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch with its tensors on `device`; copies from pinned memory do not block."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """The same batch in page-locked memory (called by the data loader)."""
        return self._map(lambda tensor: tensor.pin_memory())

    def share_memory(self) -> None:
        """Move the tensors to shared memory, in place (called in a loading process)."""
        for _, value in self._items():
            if isinstance(value, Tensor) and value.numel():
                value.share_memory_()

    def as_dict(self) -> dict[str, Any]:
        """The fields that are not `None`, for `model(**batch.as_dict())`."""
        return {name: value for name, value in self._items() if value is not None}

    def _items(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in dataclasses.fields(self)]

    def _map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        moved: dict[str, Any] = {
            name: function(value) for name, value in self._items() if isinstance(value, Tensor)
        }
        return dataclasses.replace(self, **moved)


def collate(samples: Sequence[Sample]) -> Batch:
    """Pad samples into one batch; all samples come from one dataset, so clip sizes agree."""
    speech, speech_lengths = _pad([sample.speech for sample in samples], 0)
    video, video_lengths = _pad([sample.video for sample in samples], 0)
    text, text_lengths = _pad([sample.text for sample in samples], PAD_ID)
    units, units_lengths = _pad([sample.units for sample in samples], PAD_ID)
    langs = [sample.lang for sample in samples]
    return Batch(
        utt_id=[sample.utt_id for sample in samples],
        speech=speech,
        speech_lengths=speech_lengths,
        video=video,
        video_lengths=video_lengths,
        text=text,
        text_lengths=text_lengths,
        units=units,
        units_lengths=units_lengths,
        lang=None if all(lang is None for lang in langs) else [lang or "" for lang in langs],
    )


def _pad(arrays: Sequence[np.ndarray | None], value: int) -> tuple[Tensor | None, Tensor | None]:
    """Stack (n_i, ...) arrays to (B, max n, ...); a missing array becomes length 0."""
    present = [array for array in arrays if array is not None]
    if not present:
        return None, None
    lengths = [0 if array is None else len(array) for array in arrays]
    shape = (len(arrays), max(lengths), *present[0].shape[1:])
    padded = torch.full(shape, value, dtype=torch.from_numpy(present[0][:0]).dtype)
    for row, array, length in zip(padded, arrays, lengths, strict=True):
        if array is not None:
            row[:length] = torch.from_numpy(array)
    return padded, torch.tensor(lengths, dtype=torch.int64)
