"""Reads frame labels: those of a units_dir, or of the ctm of the dump."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from espnet_av.data.dropped import Drop
from espnet_av.data.lengths import num_frames
from espnet_av.data.readers.abs_reader import AbsReader, Draw, ReadRequest
from espnet_av.data.readers.frame_labels import frame_labels, label_part_ids
from espnet_av.data.readers.unit_labels import unit_labels
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.rates import frames_at_rate


class UnitsReader(AbsReader):
    """(T,) int64 labels of the frames of the model, -1 where unlabelled."""

    field = "units"

    def __init__(self, request: ReadRequest) -> None:
        super().__init__(request)
        names = (request.tokenizer and request.tokenizer.units) or ()
        self._label_ids = {label: i for i, label in enumerate(names)}

    def check(self) -> None:
        """See `AbsReader`."""
        if not self.config.frame_labels:
            return
        if self.request.units is not None:
            msg = "frame_labels and --units_dir both give labels; set dataset.frame_labels: false"
            raise ConfigError(msg)
        if not (self._label_ids and (self.data.ctm or not self.request.train)):
            msg = (
                f"{self.data.path}: dataset.frame_labels needs a ctm in the dump and units.txt "
                "beside tokens.txt; give the corpus a ctm or set frame_labels: false"
            )
            raise DataDirError(msg)

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        units = self.request.units
        absent = (u for u in self.data.utt_ids if units and u not in units and u not in left_out)
        return [Drop(utt_id, "no unit labels", "") for utt_id in absent]

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        frame_hz, units = self.request.frame_hz, self.request.units
        if units is not None:
            frames = num_frames(self.data, utt_id)
            return self.cut(unit_labels(units, utt_id, frames, frame_hz, draw.speed), draw)
        if not self.config.frame_labels:
            return None
        segments = self.data.ctm.get(utt_id, [])
        if not self.request.train:
            # What training never had cannot be predicted, and is no reason to stop a test.
            segments = [s for s in segments if label_part_ids(s.label, self._label_ids)]
        count = frames_at_rate(draw.length, frame_hz)
        labels = frame_labels(segments, self._label_ids, count, utt_id, draw.speed, frame_hz)
        return self.cut(labels, draw)
