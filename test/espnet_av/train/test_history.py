from __future__ import annotations

import math

import cv2

from espnet_av.train.history import History


def make_history():
    history = History()
    for step in range(0, 1000, 20):
        history.add(
            "train", step, {"loss": 30 * math.exp(-step / 300) + 2, "lr": 1e-3, "x": math.nan}
        )
    for step in range(100, 1001, 100):
        history.add("valid", step, {"loss": 28 * math.exp(-step / 350) + 3})
    return history


def test_state_survives_and_last_value(tmp_path):
    history, again = make_history(), History()
    again.load_state_dict(history.state_dict())
    assert repr(again.points) == repr(history.points)
    assert again.last("train", "lr") == 1e-3
    assert math.isnan(again.last("valid", "acc"))


def test_one_picture_a_key_with_both_curves(tmp_path):
    make_history().draw(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"loss.png", "lr.png"}
    picture = cv2.imread(str(tmp_path / "loss.png"))
    blue, orange = (180, 119, 31), (14, 127, 255)
    for colour in (blue, orange):
        assert (abs(picture.astype(int) - colour).sum(-1) < 30).sum() > 100
    picture = cv2.imread(str(tmp_path / "lr.png"))
    assert (abs(picture.astype(int) - orange).sum(-1) < 30).sum() == 0
