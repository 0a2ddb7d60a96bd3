"""The contact sheet of retrieval: what is nearest, framed where it belongs."""

import cv2
import numpy as np
from oracles.toy_predictions import predict

from espnet_av.score.contact_sheet import Nearest, draw_sheet, find_pictures
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

COLORS = {"p0": (255, 0, 0), "p1": (0, 200, 0), "p2": (0, 0, 255)}


def write_pictures(folder):
    (folder / "deep").mkdir(parents=True)
    for name, color in COLORS.items():
        picture = np.full((20, 30, 3), color, np.uint8)
        cv2.imwrite(str(folder / "deep" / f"{name}.png"), picture)
    (folder / "other.txt").write_text("no picture")


def test_pictures_are_found_by_name(tmp_path):
    write_pictures(tmp_path)
    found = find_pictures(tmp_path, ["p0", "p2", "p9", "other"])
    assert {name: path.name for name, path in found.items()} == {"p0": "p0.png", "p2": "p2.png"}


def test_what_is_drawn(tmp_path):
    write_pictures(tmp_path / "pictures")
    found = find_pictures(tmp_path / "pictures", list(COLORS))
    heard = [Nearest("u1", ("p1", "p0"), (True, False))]
    seen = [Nearest("p2", ("u0", "u2", "u1"), (False, True, False))]
    draw_sheet(heard, seen, found, {"u0": "a red square"}, "test", tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    for color in COLORS.values():
        assert (sheet == color).all(axis=2).sum() > 1000, "each picture is on it"


def test_nearest_of_a_condition(tmp_path):
    write_pictures(tmp_path / "pictures")
    vectors = ([1.0, 0.0], [0.0, 1.0], [1.0, 1.0])
    answers = [{"speech": v, "image": v} for v in vectors]
    names = {f"u{n}": f"p{n}" for n in range(3)}
    folder = predict(tmp_path, "vector", answers, {"text": {"u0": "one"}, "image.scp": names})
    scored = score_condition(folder, Scoring(metric="r1", pictures=str(tmp_path / "pictures")))
    rows = scored._nearest("speech", 0, "image", range(3), "u0", list(names.values()))
    assert rows == Nearest("u0", ("p0", "p2", "p1"), (True, False, False))
    assert scored.draw(tmp_path / "sheet.png", "test")
    assert (tmp_path / "sheet.png").stat().st_size > 10_000
    plain = score_condition(folder, Scoring(metric="r1"))
    assert not plain.draw(tmp_path / "none.png", "test")
    assert not (tmp_path / "none.png").exists()
