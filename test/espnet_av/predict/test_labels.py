"""Classes of a set: files, order, names."""

import json

import pytest
from oracles.toy_predictions import predict

from espnet_av.data.table import read_table
from espnet_av.errors import ConfigError

SCORES = [[0.0, 2.0, 1.0], [3.0, 0.0, 0.0], [0.0, 0.0, 5.0], [0.0, 1.0, 0.0]]
REFS = {"utt2label": {"u0": "cat", "u1": "bee", "u2": "dog", "u3": "cat"}}


def test_files_of_a_condition(tmp_path):
    folder = predict(tmp_path, "label", SCORES, REFS, labels=("bee", "cat", "dog"))
    assert read_table(folder / "label") == {"u0": "cat", "u1": "bee", "u2": "dog", "u3": "cat"}
    assert read_table(folder / "ref.label") == REFS["utt2label"]
    first = json.loads((folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["utt"] == "u0"
    assert list(first["labels"].items()) == [
        ("cat", pytest.approx(0.665241, abs=1e-6)),
        ("dog", pytest.approx(0.244728, abs=1e-6)),
        ("bee", pytest.approx(0.090031, abs=1e-6)),
    ]
    blind = predict(tmp_path / "b", "label", SCORES, {}, labels=("bee", "cat", "dog"))
    assert not (blind / "ref.label").exists()


def test_another_number_of_classes_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"tells 3 classes, but dataset\.labels .* has 2 names"):
        predict(tmp_path, "label", SCORES, REFS, labels=("bee", "cat"))


def test_references_are_the_part_that_is_the_class(tmp_path):
    refs = {"utt2label": {"u0": "put|cat", "u1": "put|bee", "u2": "take|dog", "u3": "cat"}}
    names = ("bee", "cat", "dog")
    folder = predict(tmp_path, "label", SCORES, refs, labels=names, label_part=1)
    assert read_table(folder / "ref.label") == REFS["utt2label"]
