"""What a dataset asks of the reader of one kind of data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from espnet_av.data.batch import Value
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset_config import DatasetConfig, Modalities
from espnet_av.data.dropped import Drop
from espnet_av.data.fields import FIELDS
from espnet_av.data.missing_video import MissingVideo
from espnet_av.data.noise_bank import NoiseBank
from espnet_av.data.noise_condition import NoiseCondition
from espnet_av.data.stretch import Stretch
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.unit_set import UnitSet


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What is drawn for an utterance before any of it is read, the same for all its fields."""

    epoch: int
    step: int
    """Of the optimiser."""
    speed: float
    """Sound and video are played this many times as fast."""
    length: int
    """Frames at 25 Hz at that speed."""
    stretch: Stretch
    """Frames of those that are taken."""
    generator: np.random.Generator
    """For what a reader draws itself; readers take their turns in the order of `READERS`."""


@dataclass(frozen=True, kw_only=True)
class ReadRequest:
    """What a dataset was asked for; see `AVDataset`."""

    data: DataDir
    config: DatasetConfig
    modalities: Modalities
    train: bool
    partial: bool
    """Leave out what lacks a kind of data, instead of refusing the set."""
    seed: int
    frame_hz: float
    max_frames: int
    tokenizer: Tokenizer | None
    units: UnitSet | None
    noise: NoiseBank | None
    condition: NoiseCondition | None
    missing_video: MissingVideo | None


class AbsReader(ABC):
    """Reads one kind of data of an utterance, as training augments it or a test needs it.

    Args:
        request: what is read, of which data.
    """

    field: ClassVar[str]
    """Name of what is read (`FIELDS`)."""

    def __init__(self, request: ReadRequest) -> None:
        self.request = request
        self.data, self.config = request.data, request.config

    def check(self) -> None:
        """Check that the request can be met.

        Raises:
            ConfigError: it contradicts itself, or lacks something.
            DataDirError: the data lack what is asked for.
        """
        return

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """Utterances that have to be left out, besides those that are already."""
        return []

    @abstractmethod
    def read(self, utt_id: str, draw: Draw) -> Value | None:
        """The field of an utterance; None where it has none."""

    def cut(self, array: np.ndarray, draw: Draw) -> np.ndarray:
        """The stretch that was drawn of a whole array, by the clock of the field."""
        per_frame = FIELDS[self.field].clock.per_frame(self.request.frame_hz)
        return draw.stretch.of(array, per_frame) if per_frame else array

    def not_in(self, table: str, left_out: Collection[str]) -> list[Drop]:
        """Utterances that a table lacks, besides those that are left out."""
        rows = self.data.tables.get(table, {})
        absent = (u for u in self.data.utt_ids if u not in rows and u not in left_out)
        return [Drop(utt_id, f"not in {table}", "") for utt_id in absent]
