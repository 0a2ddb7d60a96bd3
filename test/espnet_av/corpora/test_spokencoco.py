"""SpokenCOCO, and the split of Karpathy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, put, report
from corpora_fixtures.coco import build_karpathy, build_spokencoco

from espnet_av.corpora.spokencoco import prepare_spokencoco
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_spokencoco(tmp_path / "SpokenCOCO")


def test_a_whole_copy_with_the_split_of_its_lists(root: Path, tmp_path: Path) -> None:
    assert prepare_spokencoco(root, tmp_path / "data") == {"train": 6, "valid": 2}
    train = read_data_dir(tmp_path / "data/train")
    utt_id = "spokencoco_m0-m0-3LUY3_9_900"
    assert train.get("text", utt_id) == "A cat sleeps." and train.get("utt2lang", utt_id) == "en"
    assert train.get("utt2image", utt_id) == "COCO_train2014_000000000009"
    assert train.get("utt2spk", utt_id) == "spokencoco_m0"
    assert len(set(train.tables["utt2image"].values())) == 3
    assert report(tmp_path / "data") == []
    assert coverage(tmp_path / "data")["all", "all"]["published_clips"] == "617222"


def test_the_split_of_karpathy(root: Path, tmp_path: Path) -> None:
    karpathy = build_karpathy(tmp_path / "dataset_coco.json")
    counts = prepare_spokencoco(root, tmp_path / "data", karpathy=karpathy)
    assert counts == {"train": 6, "test": 2}
    test = read_data_dir(tmp_path / "data/test")
    assert set(test.tables["utt2image"].values()) == {"COCO_val2014_000000000073"}
    # One more image than the split knows.
    told = json.loads((root / "SpokenCOCO_val.json").read_text())
    told["data"][0]["image"] = "val2014/COCO_val2014_000000000001.jpg"
    put(root / "SpokenCOCO_val.json", json.dumps(told))
    with pytest.raises(DroppedTooManyError, match=r"in_no_split 2.*COCO_val2014_000000000001"):
        prepare_spokencoco(root, tmp_path / "data", karpathy=karpathy)


def test_lists_with_the_split_and_one_caption_an_entry(root: Path, tmp_path: Path) -> None:
    told = json.loads((root / "SpokenCOCO_val.json").read_text())["data"][0]
    for name, caption in zip(("val", "test"), told["captions"], strict=True):
        rows = [{"image": told["image"], "caption": caption}]
        put(root / f"SpokenCOCO_{name}_unrolled_karpathy.json", json.dumps({"data": rows}))
    train = (root / "SpokenCOCO_train.json").read_text()
    put(root / "SpokenCOCO_train_unrolled_karpathy.json", train)
    counts = prepare_spokencoco(root, tmp_path / "data")
    assert counts == {"train": 6, "valid": 1, "test": 1}


def test_a_caption_without_an_image_keeps_its_sound(root: Path, tmp_path: Path) -> None:
    told = json.loads((root / "SpokenCOCO_val.json").read_text())
    del told["data"][0]["image"]
    put(root / "SpokenCOCO_val.json", json.dumps(told))
    assert prepare_spokencoco(root, tmp_path / "data") == {"train": 6, "valid": 2}
    assert "utt2image" not in read_data_dir(tmp_path / "data/valid").tables
    assert {line[1:] for line in report(tmp_path / "data")} == {("no_image", "kept, sound alone")}


def test_bad_copies_are_named(root: Path, tmp_path: Path) -> None:
    path = root / "SpokenCOCO_val.json"
    for content, told in (
        ('{"data": [{"image": "x.jpg"}]}', r"data\[0\]: neither captions nor caption"),
        ('{"data": [{"captions": [{"text": "x"}]}]}', r"captions\[0\]: expected speaker, uttid"),
        ('{"data": ["x"]}', r"data\[0\]: a str, expected an object"),
        ('{"data": []}', "no list 'data' in it"),
        ('{"data": [', "not valid JSON .*cut short"),
    ):
        put(path, content)
        with pytest.raises(DataDirError, match=told):
            prepare_spokencoco(root, tmp_path / "data")
    with pytest.raises(DataDirError, match=r"no SpokenCOCO_train.json; set SPOKENCOCO="):
        prepare_spokencoco(tmp_path, tmp_path / "data")
