"""Classes of utterances."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from espnet_av.config import build
from espnet_av.data.batch import Sample, collate
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.readers.label import LabelReader
from espnet_av.errors import ConfigError, DataDirError

TABLES = {
    "utt2spk": dict.fromkeys("abcd", "s"),
    "utt2label": {"a": "stop", "b": "go", "c": "left"},
}


@pytest.fixture
def asked(make_request: Any) -> Any:
    return lambda labels, **changes: make_request(
        TABLES, config=replace(DatasetConfig(), labels=labels), **changes
    )


def test_numbers_of_the_classes(asked: Any, make_draw: Any) -> None:
    reader = LabelReader(asked(("go", "left", "stop"), train=True))
    reader.check()
    assert [tuple(drop) for drop in reader.lacking(())] == [("d", "not in utt2label", "")]
    samples = [Sample(utt_id=u, label=reader.read(u, make_draw())) for u in "abc"]
    batch = collate(samples).as_dict()
    assert batch["label"].tolist() == [2, 0, 1] and "label_lengths" not in batch


def test_a_test_leaves_out_classes_that_training_never_had(asked: Any) -> None:
    reader = LabelReader(asked(("go", "stop")))
    reader.check()
    assert [tuple(drop) for drop in reader.lacking({"d"})] == [("c", "unknown label", "left")]


def test_what_cannot_be_read_is_refused(asked: Any, make_request: Any) -> None:
    with pytest.raises(DataDirError, match=r"c: 'left' is not in dataset.labels; did you.*'lefd'"):
        LabelReader(asked(("go", "stop", "lefd"), train=True)).check()
    with pytest.raises(ConfigError, match=r"dataset.labels is empty.*go, left, stop"):
        LabelReader(asked(())).check()
    with pytest.raises(DataDirError, match="utt2label: no such file"):
        LabelReader(make_request({"utt2spk": {"a": "s"}})).check()
    with pytest.raises(ConfigError, match="labels has 'go' twice"):
        DatasetConfig(labels=("go", "stop", "go"))


SLOTS = (("activate", "change language"), ("lamp", "none", "heat"))


def test_classes_of_slots_are_numbered_with_the_last_one_fastest(
    make_request: Any, make_draw: Any
) -> None:
    config = build(DatasetConfig, {"label_slots": [list(slot) for slot in SLOTS]})
    assert config.classes == (
        *("activate|lamp", "activate|none", "activate|heat"),
        *("change language|lamp", "change language|none", "change language|heat"),
    )
    labels = {"a": "change language|none", "b": "activate|lamp"}
    tables = {"utt2spk": dict.fromkeys("ab", "s"), "utt2label": labels}
    reader = LabelReader(make_request(tables, config=config, train=True))
    reader.check()
    assert [int(reader.read(u, make_draw())) for u in "ab"] == [4, 0]
    wrong = {**tables, "utt2label": {**labels, "b": "activate|lamb"}}
    with pytest.raises(DataDirError, match=r"b: 'activate\|lamb' is not in .*'activate\|lamp'"):
        LabelReader(make_request(wrong, config=config, train=True)).check()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"label_slots": (("a", "a"),)}, "each once"),
        ({"label_slots": (("a",), ())}, "a slot has values"),
        ({"label_slots": (("a|b",),)}, "without '|'"),
        ({"label_slots": SLOTS, "labels": ("x",)}, "leave one of them out"),
        ({"label_slots": SLOTS, "label_part": 0}, "it is the place of one slot"),
        ({"label_part": -1}, "label_part is -1"),
    ],
)
def test_slots_that_make_no_sense(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(reason)):
        DatasetConfig(**wrong)
    assert not DatasetConfig().classes


def test_one_part_of_a_label_is_the_class(make_request: Any, make_draw: Any) -> None:
    config = DatasetConfig(labels=("lamp", "none"), label_part=1)
    labels = {"a": "bring|none|kitchen", "b": "activate|lamp", "c": "none", "d": "go|heat"}
    tables = {"utt2spk": dict.fromkeys("abcd", "s"), "utt2label": labels}
    reader = LabelReader(make_request(tables, config=config))
    reader.check()
    # A label of one part is taken whole.
    assert [int(reader.read(u, make_draw())) for u in "abc"] == [1, 0, 1]
    assert [tuple(drop) for drop in reader.lacking(())] == [("d", "unknown label", "go|heat")]
    with pytest.raises(DataDirError, match=r"d: 'heat' is not in dataset.labels"):
        LabelReader(make_request(tables, config=config, train=True)).check()
