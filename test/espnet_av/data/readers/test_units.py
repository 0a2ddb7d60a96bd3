"""Frame labels as they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import DataDir, Segment
from espnet_av.data.readers.units import UnitsReader
from espnet_av.data.stretch import Stretch
from espnet_av.data.tokenizer import Tokenizer, train_tokenizer, write_lines
from espnet_av.data.unit_set import UnitSet, label_crc
from espnet_av.errors import ConfigError, DataDirError

TABLES = {"utt2spk": {"u": "s", "v": "s"}, "utt2num_frames": {"u": "10", "v": "10"}}


@pytest.fixture
def units(tmp_path: Path) -> UnitSet:
    labels = np.arange(20, dtype=np.int32) % 7
    with ArkWriter(tmp_path / "units.ark") as ark:
        pointer = ark.write_ints("u", labels)
    return UnitSet(tmp_path, 7, 50, "sum", {}, {"u": pointer}, {"u": label_crc(labels)})


@pytest.fixture
def aligned(tmp_path: Path) -> tuple[DataDir, Tokenizer]:
    train_tokenizer(["abc"], tmp_path / "t", "char", 1)
    write_lines(tmp_path / "t" / "units.txt", ["a", "b"])
    ctm = {"u": [Segment(0.0, 0.2, "a"), Segment(0.2, 0.2, "x")]}
    return DataDir(tmp_path, TABLES, ctm), Tokenizer.load(tmp_path / "t")


def test_labels_of_a_units_dir(units: UnitSet, make_request: Any, make_draw: Any) -> None:
    reader = UnitsReader(make_request(TABLES, units=units, frame_hz=50.0))
    assert [drop.utt_id for drop in reader.lacking(())] == ["v"]
    assert reader.lacking({"v"}) == []
    found = reader.read("u", make_draw(stretch=Stretch(2, 5)))
    assert found.tolist() == [4, 5, 6, 0, 1, 2]


def test_labels_of_a_ctm(aligned: Any, make_request: Any, make_draw: Any) -> None:
    data, tokenizer = aligned
    config = replace(make_request(TABLES).config, frame_labels=True)
    asked = {"data": data, "tokenizer": tokenizer, "config": config}
    reader = UnitsReader(make_request(TABLES, **asked))
    # A test passes over a label that training never had; training does not.
    assert reader.read("u", make_draw()).tolist() == [0] * 5 + [-1] * 5
    with pytest.raises(DataDirError, match=r"the label 'x' of its ctm is not in units.txt"):
        UnitsReader(make_request(TABLES, train=True, **asked)).read("u", make_draw())


def test_no_labels_unless_asked_for(aligned: Any, make_request: Any, make_draw: Any) -> None:
    reader = UnitsReader(make_request(TABLES, data=aligned[0], tokenizer=aligned[1]))
    reader.check()
    assert reader.read("u", make_draw()) is None


def test_two_kinds_of_labels_or_none_are_refused(units: UnitSet, make_request: Any) -> None:
    config = replace(make_request(TABLES).config, frame_labels=True)
    with pytest.raises(ConfigError, match="both give labels"):
        UnitsReader(make_request(TABLES, config=config, units=units)).check()
    with pytest.raises(DataDirError, match=r"needs a ctm in the dump and units.txt"):
        UnitsReader(make_request(TABLES, config=config, train=True)).check()
