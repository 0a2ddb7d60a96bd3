"""Turns from frames, and the files of a set."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles.toy_predictions import predict

from espnet_av.data.rttm import parse_rttm, parse_turns
from espnet_av.predict.activity import turns_of

FRAMES = st.lists(st.lists(st.booleans(), min_size=2, max_size=2), max_size=12)


@given(FRAMES)
def test_turns_hold_what_the_frames_hold(rows):
    active = np.array(rows, dtype=bool).reshape(-1, 2)
    again = np.zeros_like(active)
    for start, duration, talker in turns_of(active, 10.0):
        first, last = round(start * 10), round((start + duration) * 10)
        assert not again[max(first - 1, 0) : last + 1, int(talker)].any(), "turns touch"
        again[first:last, int(talker)] = True
    assert (again == active).all()


def test_files_of_a_condition(tmp_path):
    silent = np.zeros((4, 2))
    both = np.array([[0.9, 0.1], [0.9, 0.6], [0.2, 0.6], [0.2, 0.5], [0.9, 0.1]])
    refs = {"rttm": {"u1": "0 0.08 ann 0.04 0.08 bob"}}
    folder = predict(tmp_path, "activity", [silent, both], refs)
    rows, problems = parse_rttm(folder / "rttm")
    assert not problems
    assert list(rows) == ["u1"], "nobody speaks in u0; padding is no speech"
    assert [tuple(turn) for turn in parse_turns(rows["u1"])] == [
        (0.0, 0.08, "0"),
        (0.04, 0.08, "1"),
        (0.16, 0.04, "0"),
    ]
    assert parse_rttm(folder / "ref.rttm")[0] == refs["rttm"]
    assert len(list((folder / "turns").iterdir())) == 10
    usual = (folder / "turns/threshold0.5_median1.rttm").read_text()
    assert usual == (folder / "rttm").read_text()
    low = parse_turns(parse_rttm(folder / "turns/threshold0.4_median1.rttm")[0]["u1"])
    assert low[1] == (0.04, 0.12, "1"), "0.5 is above 0.4"
    assert not parse_rttm(folder / "turns/threshold0.5_median11.rttm")[0], "all is too short"
