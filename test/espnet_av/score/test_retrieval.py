"""Retrieval in both directions, counted by hand."""

import json

import pytest
from oracles.toy_predictions import predict

from espnet_av.bin import score as score_bin
from espnet_av.errors import DataDirError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

# Spoken captions: u0 and u1 are of the same picture; u2 finds it, too, before its own.
PICTURES = {"u0": "a:1", "u1": "a:1", "u2": "a:9"}
ANSWERS = [
    {"speech": [1.0, 0.0], "image": [1.0, 0.0]},
    {"speech": [0.0, 1.0], "image": [1.0, 0.0]},
    {"speech": [1.0, 0.1], "image": [0.0, 1.0]},
]


def test_directions_are_axes(tmp_path, capsys):
    predict(tmp_path / "d", "vector", ANSWERS, {"image.scp": PICTURES})
    expected = tmp_path / "expected_scores.yaml"
    target = "{set: test, mode: A, target: 50, axes: {direction: speech to image}}"
    expected.write_text(f"scoring: {{metric: r1}}\ntargets:\n- {target}\n", encoding="utf-8")
    arguments = ["--expected", str(expected), "--num_resamples", "20", str(tmp_path / "d")]
    assert score_bin.main(arguments) == 0
    scores = json.loads((tmp_path / "d" / "scores.json").read_text(encoding="utf-8"))
    found = {r["axes"]["direction"]: r["r1"]["rate"] for r in scores["conditions"]}
    # u0 finds its picture; u1 hears the other one, u2 the first: 1 of 3. Back there are
    # two pictures: (1, 0) finds u0, and (0, 1) finds u1 before u2.
    assert found == {
        "speech to image": pytest.approx(33.333),
        "image to speech": 50.0,
    }
    assert scores["conditions"][0]["r5"]["rate"] == 100.0
    assert scores["targets"][0]["got"] == pytest.approx(33.333)
    assert scores["targets"][0]["met"] is False
    page = (tmp_path / "d" / "RESULTS.md").read_text(encoding="utf-8")
    assert "|A speech to image|33.3 [" in page
    assert "|A image to speech|50.0 [" in page
    assert "decoding: 1.0 s" in page, "the time of the folder, not of each direction"
    expected.write_text(
        "scoring: {metric: r1}\ntargets: [{set: test, mode: A, target: 5}]\n", encoding="utf-8"
    )
    with pytest.raises(SystemExit, match=r"add axes, one of .*'direction': 'speech to image'"):
        score_bin.main(arguments)


def test_what_cannot_be_scored_is_named(tmp_path):
    one = [{"speech": answer["speech"]} for answer in ANSWERS]
    folder = predict(tmp_path / "a", "vector", one, {})
    with pytest.raises(DataDirError, match="between two views, but there are speech; decode"):
        score_condition(folder, Scoring(metric="r1"))
    folder = predict(tmp_path / "b", "vector", ANSWERS, {})
    (folder / "image.scp").write_text("u0 image.ark:3\n", encoding="utf-8")
    with pytest.raises(DataDirError, match=r"image\.scp: u1: no vector; remove .*decode stage"):
        score_condition(folder, Scoring(metric="r1"))


def test_a_picture_of_many_captions_is_one_item(tmp_path):
    """Two pictures: the wrong one is nearer, but it is one, however many captions it has."""
    wrong = [{"speech": [0.0, 1.0], "image": [1.0, 0.0]}] * 5
    answers = [*wrong, {"speech": [2.0, 1.0], "image": [0.0, 1.0]}]
    pictures = dict.fromkeys((f"u{n}" for n in range(5)), "a:1") | {"u5": "a:9"}
    folder = predict(tmp_path, "vector", answers, {"image.scp": pictures})
    scored = score_condition(folder, Scoring(metric="r1"))
    there, back = (
        scored.figures(set(scored.refs), Resampling(9, 0), axes)["r5"] for axes in scored.variants
    )
    assert (there["num_queries"], there["num_items"]) == (6, 2)
    assert (there["mean_rank"], there["rate"]) == (2.0, 100.0)
    assert (back["num_queries"], back["num_items"], back["num_utts"]) == (2, 6, 6)


def test_equal_vectors_are_at_chance(tmp_path):
    answers = [{"speech": [1.0, 0.0], "image": [1.0, 0.0]}] * 9
    pictures = {f"u{n}": f"a:{n}" for n in range(9)}
    scored = score_condition(
        predict(tmp_path, "vector", answers, {"image.scp": pictures}), Scoring(metric="r1")
    )
    for axes in scored.variants:
        figure = scored.figures(set(scored.refs), Resampling(9, 0), axes)["r1"]
        assert (figure["rate"], figure["median_rank"]) == (0.0, 5.0)
