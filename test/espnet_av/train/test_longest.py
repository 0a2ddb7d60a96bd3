"""The note of the longest training utterance, and where it comes from if there is none."""

from __future__ import annotations

import pytest
import yaml

from espnet_av.errors import CheckpointError
from espnet_av.train.longest import LENGTHS, longest_note, read_longest, write_longest


def write_experiment(exp, command, tables):
    """An experiment from before the note, and its training set `dump` beside it."""
    exp.mkdir(parents=True)
    (exp / "provenance.yaml").write_text(yaml.safe_dump({"command": command}))
    dump = exp.parent.parent / "dump"
    dump.mkdir()
    for name, values in tables.items():
        (dump / name).write_text("".join(f"u{i} {value}\n" for i, value in enumerate(values)))
    return dump


@pytest.mark.parametrize("seconds", [0.04, 3.0, 12.345, 7200.0])
def test_what_is_noted_is_read(tmp_path, seconds):
    write_longest(tmp_path, seconds)
    assert read_longest(tmp_path) == seconds
    assert (tmp_path / LENGTHS).read_text() == longest_note(seconds)
    write_longest(tmp_path, 2 * seconds)
    assert read_longest(tmp_path) == 2 * seconds, "a later run has the word"


def test_it_is_noted_to_the_millisecond():
    assert yaml.safe_load(longest_note(1 / 3)) == {"longest_sec": 0.333}


@pytest.mark.parametrize(
    "content",
    ["", "longest_sec:", "longest_sec: much", "longest: 3", "[3]", "3", "longest_sec: [", "\xff"],
)
def test_a_damaged_note_is_named_with_its_form(tmp_path, content):
    (tmp_path / LENGTHS).write_bytes(content.encode("latin-1"))
    message = r"lengths\.yaml: not 'longest_sec: <seconds>', as training wrote it; write that, or"
    with pytest.raises(CheckpointError, match=message):
        read_longest(tmp_path)


@pytest.mark.parametrize("value", ["0", "-3", ".inf", "-.inf", ".nan"])
def test_a_note_that_is_no_length_is_an_error(tmp_path, value):
    (tmp_path / LENGTHS).write_text(f"longest_sec: {value}\n")
    with pytest.raises(CheckpointError, match="write the seconds of the longest utterance"):
        read_longest(tmp_path)


@pytest.mark.parametrize(
    ("tables", "longest"),
    [
        ({"utt2num_frames": [25, 75], "utt2num_samples": [16000, 32000]}, 3.0),
        ({"utt2num_frames": [0, 25], "utt2num_samples": [64000, 16000]}, 4.0),
        ({"utt2num_frames": [50, 25]}, 2.0),
        ({"utt2num_samples": [8000]}, 0.5),
        ({"utt2num_frames": [0], "utt2num_samples": [0]}, None),
        ({"utt2num_frames": ["many"]}, None),
        ({"utt2num_frames": []}, None),
        ({}, None),
    ],
)
def test_older_experiments_ask_their_training_set(tmp_path, tables, longest):
    exp = tmp_path / "exp" / "tag"
    dump = write_experiment(exp, "unset", tables)
    command = yaml.safe_dump({"command": f"train.py --train_dir '{dump}' --config x"})
    (exp / "provenance.yaml").write_text(command)
    assert read_longest(exp) == longest


def test_its_path_may_be_relative_to_the_recipe(tmp_path, monkeypatch):
    exp = tmp_path / "recipe with a space" / "exp" / "tag"
    write_experiment(exp, "train.py --train_dir dump exp/tag", {"utt2num_frames": [100]})
    monkeypatch.chdir(tmp_path)
    assert read_longest(exp) == 4.0
    monkeypatch.chdir(exp.parent.parent)
    assert read_longest(exp.relative_to(exp.parent.parent)) == 4.0


@pytest.mark.parametrize(
    "content",
    [
        "command: train.py --train_dir gone",
        "command: train.py --train_dir",
        "command: train.py exp/tag",
        'command: "train.py --train_dir \'open"',
        "seed: 1",
        "- 1",
        "a: [",
        "",
    ],
)
def test_nobody_knows(tmp_path, content):
    (tmp_path / "provenance.yaml").write_text(content)
    assert read_longest(tmp_path) is None
    (tmp_path / "provenance.yaml").unlink()
    assert read_longest(tmp_path) is None
