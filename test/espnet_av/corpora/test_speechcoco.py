"""Speech-COCO, which is an alignment too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from corpora_fixtures.clips import put, report
from corpora_fixtures.coco import TIMECODE, build_karpathy, build_speechcoco

from espnet_av.corpora.speechcoco import phones_of, prepare_speechcoco
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_speechcoco(tmp_path / "CORPUS-MSCOCO")


def test_a_whole_copy_with_images_and_phones(root: Path, tmp_path: Path) -> None:
    assert prepare_speechcoco(root, tmp_path / "data") == {"train": 4, "valid": 4}
    valid = read_data_dir(tmp_path / "data/valid")
    utt_id = "speechcoco_Phil-42_4200_Phil_None_0-9"
    assert valid.get("utt2image", utt_id) == "COCO_val2014_000000000042"
    assert valid.get("text", utt_id) == "A cat sleeps."
    assert valid.get("utt2category", utt_id) == "speed0.9_None"
    assert [(s.start, s.duration, s.label) for s in valid.ctm[utt_id]] == [
        (0.0, 0.0505, "@"), (0.0505, 0.06975, "k"), (0.12025, 0.07975, "a"), (0.2, 0.06, "t"),
        (0.26, 0.14, "sil"),
    ]  # fmt: skip
    assert report(tmp_path / "data") == []
    assert not read_data_dir(tmp_path / "data/train").ctm
    prepare_speechcoco(root, tmp_path / "all", phone_sets=["train", "valid"])
    assert len(read_data_dir(tmp_path / "all/train").ctm) == 4
    split = build_karpathy(tmp_path / "k.json")
    counts = prepare_speechcoco(root, tmp_path / "data", karpathy=split)
    assert counts == {"train": 6, "test": 2}


def test_marks_that_are_of_another_sound_are_refused() -> None:
    assert phones_of([], 1.0) == ()
    with pytest.raises(ValueError, match="10 ms after 20 ms"):
        phones_of([(20, "PHO", "a"), (10, "PHO", "b")], 1.0)
    with pytest.raises(ValueError, match=r"goes on to 0.26 s, the sound is 0.2 s long"):
        phones_of(TIMECODE, 0.2)


def test_a_bad_json_costs_its_caption_alone(root: Path, tmp_path: Path) -> None:
    paths = sorted((root / "val2014/json").iterdir())
    told = json.loads(paths[1].read_text())
    put(paths[0], '{"duration": 0.4')
    put(paths[1], json.dumps(told | {"timecode": [[5000, "PHO", "a"]]}))
    put(paths[2], json.dumps({"speaker": "Phil"}))
    with pytest.raises(DroppedTooManyError, match=r"bad_json 2.*42_4200_Amanda|42_4200_Phil"):
        prepare_speechcoco(root, tmp_path / "data")
    counts = prepare_speechcoco(root, tmp_path / "data", max_missing_ratio=0.5)
    assert counts == {"train": 4, "valid": 2}
    lines = {line[1:] for line in report(tmp_path / "data")}
    assert lines == {("bad_json", "dropped"), ("no_phones", "kept, without phones")}
    assert len(read_data_dir(tmp_path / "data/valid").ctm) == 1
    with pytest.raises(DataDirError, match="set SPEECHCOCO="):
        prepare_speechcoco(tmp_path / "none", tmp_path / "data")
