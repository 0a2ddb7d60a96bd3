"""Retrieval in both directions, counted by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from oracles.toy_predictions import ToyModel, numbers_of, predict

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
    with pytest.raises(DataDirError, match="that say the same, but there are speech, and no two"):
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


def test_mean_reciprocal_rank(tmp_path):
    folder = predict(tmp_path, "vector", ANSWERS, {"image.scp": PICTURES})
    scored = score_condition(folder, Scoring(metric="mrr"))
    assert [axes["direction"] for axes in scored.variants] == ["speech to image", "image to speech"]
    figure = scored.figures(set(scored.refs), Resampling(9, 0), scored.variants[0])["mrr"]
    # u0 first; u1 and u2 second, of two pictures.
    assert figure["rate"] == pytest.approx(100 * (1 + 1 / 2 + 1 / 2) / 3, abs=1e-3)
    sums = scored.sums(scored.variants[0])
    assert {name: sums[name].value for name in ("r1", "mrr")} == pytest.approx(
        {"r1": 100 / 3, "mrr": 200 / 3}
    )


# Angles of what was said: u0 and u3 say the same in de, u1 in fr; u2 and u4 something else each.
ANGLES = (0.0, 0.3, 0.2, 0.5, 2.0)
SAID = {"u0": "good day", "u1": "good day", "u2": "no", "u3": "good day", "u4": "yes"}
LANGS = {"u0": "de", "u1": "fr", "u2": "fr", "u3": "de", "u4": "de"}


def spoken(tmp_path, tables, angles=ANGLES, langs=LANGS):
    answers = [{"speech": [float(np.cos(a)), float(np.sin(a))]} for a in angles]
    folder = predict(tmp_path, "vector", answers, tables)
    if langs:
        lines = "".join(f"{utt_id} {lang}\n" for utt_id, lang in langs.items())
        (folder / "utt2lang").write_text(lines, encoding="utf-8")
    return score_condition(folder, Scoring(metric="r1"))


def test_speech_finds_speech_that_says_the_same(tmp_path):
    scored = spoken(tmp_path, {"text": SAID})
    again, abroad = scored.variants
    assert again == {"direction": "speech to speech"}
    assert abroad == {"direction": "speech to speech of other languages"}
    whole = set(scored.refs)
    figure = scored.figures(whole, Resampling(9, 0), again)
    # u0 hears u2, then u1; u1 hears u2, then u3; u3 hears u1. Nobody else says 'no' or 'yes'.
    assert (figure["r1"]["num_queries"], figure["r1"]["num_items"]) == (3, 5)
    assert (figure["r1"]["rate"], figure["r5"]["rate"]) == (pytest.approx(33.333), 100.0)
    assert figure["mrr"]["rate"] == pytest.approx(66.667)
    figure = scored.figures(whole, Resampling(9, 0), abroad)
    # u0 of the French hears u2 first; u3 hears u1; u1 of the German hears u3.
    assert figure["r1"]["rate"] == pytest.approx(66.667)


def test_a_language_is_asked_of_all_others(tmp_path):
    scored = spoken(tmp_path, {"text": SAID})
    again, abroad = scored.variants
    french = {"u1", "u2"}
    assert scored.figures(french, Resampling(9, 0), again) == {}, "in French it is said once"
    figure = scored.figures(french, Resampling(9, 0), abroad)["r1"]
    assert (figure["rate"], figure["num_queries"], figure["num_items"]) == (100.0, 1, 5)


def test_without_languages_there_are_none_others(tmp_path):
    scored = spoken(tmp_path, {"text": SAID}, langs=None)
    assert [axes["direction"] for axes in scored.variants] == ["speech to speech"]


def test_nobody_says_the_same(tmp_path):
    with pytest.raises(DataDirError, match="no two utterances with one text; decode a model that"):
        spoken(tmp_path, {"text": {f"u{n}": f"text {n}" for n in range(5)}})


def test_text_with_duplicates_and_speech(tmp_path):
    """Two say the same sentence: its vector is one item, and a hit of both."""
    answers = [
        {"speech": [1.0, 0.0], "text": [1.0, 0.0]},
        {"speech": [0.9, 0.1], "text": [1.0, 0.0]},
        {"speech": [0.0, 1.0], "text": [0.0, 1.0]},
    ]
    tables = {"teacher.scp": {"u0": "t:1", "u1": "t:1", "u2": "t:9"}}
    folder = predict(tmp_path, "vector", answers, tables)
    scored = score_condition(folder, Scoring(metric="r1"))
    found = {}
    for axes in scored.variants:
        figure = scored.figures(set(scored.refs), Resampling(9, 0), axes)["r1"]
        found[axes["direction"]] = (figure["num_queries"], figure["num_items"], figure["rate"])
    assert found == {
        "speech to text": (3, 2, 100.0),
        "text to speech": (2, 3, 100.0),
        "speech to speech": (2, 3, 100.0),
    }


def test_captions_of_a_picture_do_not_say_the_same(tmp_path):
    scored = score_condition(
        predict(tmp_path, "vector", ANSWERS, {"image.scp": PICTURES}), Scoring(metric="r1")
    )
    assert len(scored.variants) == 2


def test_means_of_frames_are_a_floor(tmp_path, monkeypatch):
    """Frames that swing about the directions of above: their means find alike."""

    def swinging(self, batch, layers):
        numbers = numbers_of(SimpleNamespace(speech=batch["speech"]))
        lengths = batch["speech_lengths"] // 640
        rows = torch.tensor([[np.cos(ANGLES[n]), np.sin(ANGLES[n])] for n in numbers]).float()
        swing = 1 + 0.5 * (-1.0) ** torch.arange(int(lengths.max()))
        return [rows[:, None] * swing[:, None] * (1 + lengths[:, None, None])] * len(
            layers
        ), lengths

    monkeypatch.setattr(ToyModel, "extract_features", swinging)
    folder = predict(tmp_path, "frames", [None] * 5, {"text": SAID}, layers=(3, 7))
    scored = score_condition(folder, Scoring(metric="r1"))
    (axes,) = scored.variants
    figure = scored.figures(set(scored.refs), Resampling(9, 0), axes)
    assert (figure["r1"]["num_queries"], figure["r1"]["num_items"]) == (3, 5)
    assert figure["r1"]["rate"] == pytest.approx(33.333)
    assert figure["mrr"]["rate"] == pytest.approx(66.667)


def test_means_of_frames_need_what_was_said(tmp_path):
    folder = predict(tmp_path, "frames", [None] * 5, {}, layers=(0,))
    with pytest.raises(DataDirError, match=r"ref\.text: missing; the test set had no text"):
        score_condition(folder, Scoring(metric="r1"))


def test_a_picture_is_one_item_whatever_batches_its_captions_were_in(tmp_path):
    """The last digits of a vector depend on the batch; a picture without a name has one of each."""
    wrong = [{"speech": [0.0, 1.0], "image": [1.0, 1e-4 * n]} for n in range(5)]
    answers = [*wrong, {"speech": [2.0, 1.0], "image": [0.0, 1.0]}]
    pictures = dict.fromkeys((f"u{n}" for n in range(5)), "a:1") | {"u5": "a:9"}
    folder = predict(tmp_path, "vector", answers, {"image.scp": pictures})
    scored = score_condition(folder, Scoring(metric="r1"))
    there, back = (
        scored.figures(set(scored.refs), Resampling(9, 0), axes)["r5"] for axes in scored.variants
    )
    assert (there["num_items"], there["mean_rank"]) == (2, 2.0)
    assert (back["num_queries"], back["num_items"]) == (2, 6)


def test_what_several_languages_say_is_found_in_any_of_them(tmp_path):
    """Transcripts differ, and so do their vectors' names; translations are the same."""
    said = {"u0": "le chien", "u1": "der hund", "u2": "le chat", "u3": "die katze"}
    tables = {
        "text": said,
        "text.en": {"u0": "dog", "u1": "dog", "u2": "cat", "u3": "cat"},
        "utt2lang": {"u0": "fr", "u1": "de", "u2": "fr", "u3": "de"},
    }
    # u0 is nearer to the vector of u1's sentence than to its own: they mean the same.
    answers = [
        {"speech": [1.0, 0.2], "text": [1.0, 0.0]},
        {"speech": [1.0, 0.1], "text": [1.0, 0.2]},
        {"speech": [0.1, 1.0], "text": [0.0, 1.0]},
        {"speech": [1.0, 0.9], "text": [0.2, 1.0]},
    ]
    folder = predict(tmp_path / "a", "vector", answers, tables)
    scored = score_condition(folder, Scoring(metric="r1"))
    found = {
        axes["direction"]: scored.figures(set(scored.refs), Resampling(9, 0), axes)["r1"]["rate"]
        for axes in scored.variants
    }
    assert found["speech to text"] == 75.0, "u3 finds a dog"
    assert found["speech to speech of other languages"] == 75.0, "u3 finds u0"
    one = {"text.en": tables["text.en"], "utt2lang": dict.fromkeys(said, "fr"), "text": said}
    folder = predict(tmp_path / "b", "vector", answers, one)
    assert not (folder / "ref.meaning").exists()
