"""Decoded conditions are found whole, and belong together."""

import json

import pytest
from oracles.decoded import write_condition

from espnet_av.errors import DataDirError
from espnet_av.score.conditions import check_one_system, find_conditions, read_condition


def test_unfinished_conditions_are_named(tmp_path):
    with pytest.raises(DataDirError, match="no decoded condition below"):
        find_conditions(tmp_path)
    folder = write_condition(tmp_path, "A", "clean", 0.1, num_utts=3)
    assert find_conditions(tmp_path) == [folder]
    (folder / ".done").unlink()
    with pytest.raises(DataDirError, match=f"{folder}: decoding did not finish"):
        find_conditions(tmp_path)


def test_one_table_is_of_one_system(tmp_path):
    folders = [write_condition(tmp_path, "A", noise, 0.1) for noise in ("clean", "babble:0")]
    path = folders[1] / "decode.json"
    info = json.loads(path.read_text())

    def check():
        check_one_system([read_condition(folder) for folder in folders])

    check()
    path.write_text(json.dumps({**info, "config": {**info["config"], "batch_frames": 7}}))
    check()
    path.write_text(json.dumps({**info, "config": {**info["config"], "beam_size": 7}}))
    with pytest.raises(DataDirError, match=r"beam_size 7, but .*A_clean with 8"):
        check()
