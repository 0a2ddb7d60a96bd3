"""Unit labels at the frame rate of a model: which label each frame gets, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from espnet_av.data.readers.unit_labels import unit_labels
from espnet_av.errors import DataDirError


@dataclass
class Labels:
    """The two things that are asked of a set of labels."""

    row: list[int]
    rate_hz: int

    def labels(self, utt_id: str) -> np.ndarray:
        assert utt_id == "u"
        return np.array(self.row, dtype=np.int32)


def units_of(row: list[int], rate_hz: int, *arguments: Any) -> list[int]:
    found = unit_labels(Labels(row, rate_hz), "u", *arguments)  # type: ignore[arg-type]
    assert found.dtype == np.int64
    return found.tolist()


@pytest.mark.parametrize(
    ("row", "rate_hz", "num_frames", "frame_hz", "expected"),
    [
        ([0, 3, 3, 1], 50, 2, 25, [0, 3]),
        ([0, 3, 3, 1], 50, 2, 50, [0, 3, 3, 1]),
        ([7, 8], 25, 2, 50, [7, 7, 8, 8]),
        ([10, 11, 12, 13, 14, 15, 16, 17], 100, 2, 25, [10, 14]),
        ([10, 11, 12, 13, 14, 15], 50, 3, 12.5, [10, 14]),
    ],
)
def test_a_frame_gets_the_label_it_begins_in(
    row: list[int], rate_hz: int, num_frames: int, frame_hz: float, expected: list[int]
) -> None:
    assert units_of(row, rate_hz, num_frames, frame_hz) == expected


def test_labels_move_with_the_speed() -> None:
    row = list(range(16))
    assert units_of(row, 50, 8, 25, 2.0) == [0, 4, 8, 12]
    assert units_of(row[:4], 50, 2, 25, 0.5) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("count", "rate_hz", "expected"),
    [
        (6, 50, [0, 2, 4, -1]),  # 8 are due, and features may lose two
        (10, 50, [0, 2, 4, 6]),
        (12, 100, [0, 4, 8, -1]),  # 16 are due: a frame's worth may be lost
        (2, 25, [0, 1, -1, -1]),
    ],
)
def test_a_few_labels_may_be_missing_at_the_end(
    count: int, rate_hz: int, expected: list[int]
) -> None:
    assert units_of(list(range(count)), rate_hz, 4, 25) == expected


@pytest.mark.parametrize(("count", "rate_hz"), [(5, 50), (11, 50), (11, 100), (21, 100), (1, 25)])
def test_labels_of_another_length_are_refused(count: int, rate_hz: int) -> None:
    message = (
        f"u: {count} unit labels at {rate_hz} Hz for 4 frames at 25 Hz, which need "
        f"{4 * rate_hz // 25}; they are of another version"
    )
    with pytest.raises(DataDirError, match=message):
        units_of(list(range(count)), rate_hz, 4, 25)
