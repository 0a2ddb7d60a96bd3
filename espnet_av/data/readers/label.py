"""Reads the class of an utterance."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from espnet_av.data.dropped import Drop
from espnet_av.data.fields import nearest
from espnet_av.data.readers.abs_reader import AbsReader, Draw, ReadRequest
from espnet_av.errors import ConfigError, DataDirError


class LabelReader(AbsReader):
    """() int64, the place of the value of `utt2label` in `dataset.labels`."""

    field = "label"

    def __init__(self, request: ReadRequest) -> None:
        super().__init__(request)
        self._label = self.config.label_of
        self._ids = {label: number for number, label in enumerate(self.config.classes)}

    def check(self) -> None:
        """See `AbsReader`."""
        labels = self.data.tables.get("utt2label")
        if labels is None:
            msg = f"{self.data.path}/utt2label: no such file, but the model reads labels; "
            msg += "add it to the data dir and run the dump stage (3) again"
            raise DataDirError(msg)
        if not self._ids:
            msg = "dataset.labels is empty, but the model reads labels; list its classes there: "
            raise ConfigError(msg + ", ".join(sorted(set(map(self._label, labels.values())))[:20]))
        for utt_id, value in labels.items():
            label = self._label(value)
            # What training never had cannot be predicted, and is no reason to stop a test.
            if self.request.train and label not in self._ids:
                msg = f"{self.data.path}/utt2label: {utt_id}: '{label}' is not in dataset.labels"
                msg += f"{nearest(label, self._ids)}; add it there or correct it"
                raise DataDirError(msg)

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        labels = self.data.tables["utt2label"]
        known = {u: label for u, label in labels.items() if u not in left_out}
        unknown = [
            Drop(u, "unknown label", v) for u, v in known.items() if self._label(v) not in self._ids
        ]
        return self.not_in("utt2label", left_out) + unknown

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        value = self.data.get("utt2label", utt_id)
        return None if value is None else np.asarray(self._ids[self._label(value)], dtype=np.int64)
