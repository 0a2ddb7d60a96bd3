"""What all kinds of prediction share: batches of a set, its seconds, and the order of a result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from oracles.toy_predictions import ToySet, numbers_of

from espnet_av.data.data_dir import DataDir
from espnet_av.predict.prediction import Predictions, Work
from espnet_av.search.decode_config import DecodeConfig


class Noted(Predictions):
    def write(self, folder: Path, data: DataDir) -> None:
        (folder / "noted").write_text(" ".join(self.ordered(data)), encoding="utf-8")


def work(batch_frames: int) -> Work:
    return Work(model=None, config=DecodeConfig(batch_frames=batch_frames))


@pytest.mark.parametrize(
    ("batch_frames", "batches"),
    [
        (1, [[3], [2], [1], [0]]),
        (24, [[3], [2, 1], [0]]),
        (32, [[3, 2], [1, 0]]),
        (64, [[3, 2, 1, 0]]),
    ],
)
def test_batches_are_longest_first_within_the_budget(
    batch_frames: int, batches: list[list[int]]
) -> None:
    loaded = list(work(batch_frames).batches(ToySet(4)))  # type: ignore[arg-type]
    assert [numbers_of(batch) for batch, _ in loaded] == batches
    assert [numbers_of(moved) for _, moved in loaded] == batches
    assert [batch.utt_id for batch, _ in loaded] == [[f"u{i}" for i in b] for b in batches]


def test_results_are_in_the_order_of_the_set(tmp_path: Path) -> None:
    found: dict[str, Any] = {"u3": 1, "u0": 2, "u2": 3}
    noted = Noted(work=work(9), dataset=ToySet(4), found=found)  # type: ignore[arg-type]
    assert noted.utt_ids == ["u3", "u0", "u2"]
    assert noted.seconds == pytest.approx((4 + 8 + 12 + 16) / 25)
    assert noted.facts() == {}
    spk = dict.fromkeys(("u0", "u1", "u2", "u3"), "s")
    noted.write(tmp_path, DataDir(tmp_path, {"utt2spk": spk}))
    assert (tmp_path / "noted").read_text(encoding="utf-8") == "u0 u2 u3"


def test_a_kind_says_how_it_is_written() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Predictions(work=work(9), dataset=ToySet(1), found={})  # type: ignore[abstract, arg-type]
