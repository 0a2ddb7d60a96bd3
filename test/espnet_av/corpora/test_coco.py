"""Captions of COCO."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.coco import build_captions, build_karpathy

from espnet_av.corpora.coco import Caption, read_captions, read_karpathy
from espnet_av.errors import DataDirError


def test_captions_of_coco(tmp_path: Path) -> None:
    annotations = build_captions(tmp_path) / "annotations"
    found = read_captions(annotations, "val2014")
    assert found[0] == Caption(4200, "COCO_val2014_000000000042", "A cat sleeps.")
    assert found[1].text == "Two dogs run!" and len(found) == 4
    put(annotations / "captions_val2014.json", '{"annotations": [{"id": 1}]}')
    with pytest.raises(DataDirError, match=r"annotations\[0\]: expected id, image_id and caption"):
        read_captions(annotations, "val2014")


def test_the_split_of_karpathy(tmp_path: Path) -> None:
    found = read_karpathy(build_karpathy(tmp_path / "dataset_coco.json"))
    assert found["COCO_val2014_000000000042"] == "train"  # what remained of the validation part
    assert found["COCO_val2014_000000000073"] == "test" and len(found) == 4
    path = put(tmp_path / "k.json", '{"images": [{"filename": "x.jpg", "split": "dev"}]}')
    with pytest.raises(DataDirError, match=r"k.json: images\[0\]: .*'dev'; is this dataset_coco"):
        read_karpathy(path)
