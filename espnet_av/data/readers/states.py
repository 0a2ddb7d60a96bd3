"""Reads what a frozen model makes of an utterance, which was computed once."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from espnet_av.data.ark import read_half
from espnet_av.data.dropped import Drop
from espnet_av.data.lengths import num_frames
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.rates import FRAME_HZ

_MAX_DIFFERENCE = 2
"""Frames that may be missing or too many: models lose some at the end of an utterance."""


class StatesReader(AbsReader):
    """(T, N, D) float16 at the rate of the model: the states of all its layers."""

    field = "states"
    table = "states.scp"

    def check(self) -> None:
        """See `AbsReader`."""
        if self.table not in self.data.tables:
            msg = (
                f"{self.data.path}/{self.table}: no such file, but the model learns from stored "
                "states; store them ('espnet-av decode --kind states') and train on what that "
                "writes, or set model_conf.states: computed"
            )
            raise DataDirError(msg)
        config = self.config
        changed = config.noise_prob > 0 or config.speeds != (1.0,)
        if self.request.train and changed:
            msg = (
                "dataset.noise_prob and dataset.speeds change the sound, but stored states are of "
                "sound as it is; set noise_prob: 0 and speeds: [1.0], or model_conf.states: "
                "computed"
            )
            raise ConfigError(msg)

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        return self.not_in(self.table, left_out)

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        pointer = self.data.locate(self.table, utt_id)
        if pointer is None:
            return None
        states = read_half(pointer, utt_id, num_axes=3)
        per_frame = self.request.frame_hz / FRAME_HZ
        expected = num_frames(self.data, utt_id) * per_frame
        if abs(len(states) - expected) > max(_MAX_DIFFERENCE, per_frame):
            msg = (
                f"{pointer}: {utt_id}: {len(states)} frames of states, but the utterance has "
                f"{expected:g} at {self.request.frame_hz:g} Hz; they are of another recording or "
                "another model: store them again ('espnet-av decode --kind states')"
            )
            raise DataDirError(msg)
        return self.cut(states, draw)
