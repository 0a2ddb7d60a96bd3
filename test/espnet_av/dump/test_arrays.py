"""What utterances share is asked for once, packed into one archive, and compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from espnet_av.data.data_dir import DataDir
from espnet_av.data.dropped import Drop
from espnet_av.dump.arrays import FirstNeeded, Packed, check_arrays, count_arrays, pack_arrays
from espnet_av.errors import DataDirError, DroppedTooManyError

TABLES = {
    "utt2spk": dict.fromkeys("abcd", "s"),
    "utt2image": {"a": "cat", "b": "dog", "c": "cat"},
}


def save(folder: Path, name: str, array: np.ndarray) -> str:
    np.save(folder / name, array)
    return str(folder / name)


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    rows = {name: save(tmp_path, f"{name}.npy", np.ones((2, 3))) for name in ("cat", "dog")}
    box = save(tmp_path, "box.npy", np.tile([0.0, 0, 1, 1], (2, 1)))
    boxes = {"cat": box, "dog": save(tmp_path, "one.npy", np.array([[0.0, 0, 1, 1]]))}
    return DataDir(tmp_path, {**TABLES, "image.scp": rows, "boxes.scp": boxes})


def test_each_shard_is_asked_for_what_no_one_before_needs(data: DataDir) -> None:
    needed = FirstNeeded(data)
    assert needed(["a", "d"]) == {"image.scp": {"cat": "a"}, "boxes.scp": {"cat": "a"}}
    assert needed(["b", "c"]) == {"image.scp": {"dog": "b"}, "boxes.scp": {"dog": "b"}}


def test_boxes_of_fewer_regions_are_left_out(data: DataDir, tmp_path: Path) -> None:
    packs = {name: ["cat", "dog"] for name in ("image.scp", "boxes.scp")}
    arks = {"image.scp": tmp_path / "image.1.ark", "boxes.scp": tmp_path / "boxes.1.ark"}
    packed = pack_arrays(data, packs, arks)
    assert set(packed["image.scp"].pointers) == {"cat", "dog"}
    assert packed["image.scp"].widths == {"3": "cat"} and not packed["image.scp"].lost
    assert set(packed["boxes.scp"].pointers) == {"cat"}
    assert [drop.utt_id for drop in packed["boxes.scp"].lost] == ["dog"]
    made = DataDir(tmp_path, {**TABLES, "image.scp": packed["image.scp"].pointers})
    assert count_arrays(made) == {"image.scp": {"stored": 2, "utterances": 3}}


def test_shards_are_judged_together(data: DataDir, tmp_path: Path) -> None:
    whole = {"image.scp": Packed({"cat": "x.ark:0"}, [], {"3": "cat"})}
    wider = {"image.scp": Packed({"dog": "y.ark:0"}, [], {"4": "dog"})}
    lost = {"image.scp": Packed({}, [Drop("owl", "unreadable", "x")], {})}
    check_arrays(data, tmp_path, [whole, whole], 0.0)
    with pytest.raises(DataDirError, match=r"different lengths: 3 .cat., 4 .dog."):
        check_arrays(data, tmp_path, [wider, whole], 0.0)
    with pytest.raises(DroppedTooManyError, match=r"1 of 2 rows of image.scp dropped"):
        check_arrays(data, tmp_path, [whole, lost], 0.1)
    assert (tmp_path / "dropped_image.tsv").read_text().splitlines()[1].startswith("owl\tunread")
