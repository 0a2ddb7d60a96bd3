"""What all readers have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.data.stretch import WHOLE, Stretch


class Reader(AbsReader):
    field = "units"

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        return self.cut(np.arange(20), draw)


@pytest.mark.parametrize(
    ("field", "expected"),
    [("units", [4, 5, 6, 7]), ("video", [2, 3]), ("label", list(range(20)))],
)
def test_stretches_are_cut_by_the_clock(
    field: str, expected: list[int], make_request: Any, make_draw: Any
) -> None:
    reader = Reader(make_request({}, frame_hz=50.0))
    reader.field = field  # type: ignore[misc]
    assert reader.read("u", make_draw(stretch=Stretch(2, 4))).tolist() == expected
    assert reader.read("u", make_draw(stretch=WHOLE)).tolist() == list(range(20))


def test_nothing_is_asked_of_the_data_by_default(make_request: Any) -> None:
    reader = Reader(make_request({"utt2spk": {"a": "s", "b": "s"}, "x": {"a": "1"}}))
    reader.check()
    assert reader.lacking(()) == []
    assert [tuple(drop) for drop in reader.not_in("x", ())] == [("b", "not in x", "")]
    assert reader.not_in("x", {"b"}) == []
    assert [drop.utt_id for drop in reader.not_in("y", ())] == ["a", "b"]
