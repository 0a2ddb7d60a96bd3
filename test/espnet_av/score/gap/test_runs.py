"""Scores of systems: what they hold, and what does not belong together."""

import json
from pathlib import Path

import pytest
from oracles.gap_systems import PLACES, arguments, scores, systems

from espnet_av.bin import gap as gap_bin


def test_further_figures_stand_beside(tmp_path, capsys):
    found = systems()
    words = arguments(tmp_path, found)
    axes = {"mode": "A", "noise": "clean", "missing": None}
    records = [
        {"axes": axes | {"set": "test_all", "speaker": "within", "layer": "layer12"},
         "train_seed": 1, "abx_language": {"rate": 22.98}, "triplets": {"items": "x"}},
    ]  # fmt: skip
    more = tmp_path / "languages.json"
    more.write_text(json.dumps({"conditions": records, "scoring": {"metric": "abx_language"}}))
    recall = {"axes": axes | {"set": "test_fr", "direction": "speech to image"}, "train_seed": 1,
              "r1": {"rate": 12.0}, "r10": {"rate": 50.0}}  # fmt: skip
    retrieval = tmp_path / "retrieval.json"
    retrieval.write_text(json.dumps({"conditions": [recall], "scoring": {"metric": "r1"}}))
    place = words.index("VGS+", words.index("--system")) + 1
    assert words[place] == "en"
    gap_bin.main([*words, str(more), str(retrieval)])  # of the last system, VGS+ all
    page = capsys.readouterr().out
    assert "|VGS+|all|12.00|50.00|22.98|" in page


def test_retrieval_of_each_language_has_its_column(tmp_path, capsys):
    """A model of both is tested in both; sets of captions are others than those of ABX."""
    words = arguments(tmp_path, systems())
    axes = {"mode": "A", "noise": "clean", "missing": None, "direction": "speech to image"}
    records = [
        {"axes": axes | {"set": f"captions_{lang}"}, "train_seed": 1,
         "r1": {"rate": rate}, "r10": {"rate": 5 * rate}}
        for lang, rate in (("en", 12.0), ("fr", 13.0))
    ]  # fmt: skip
    retrieval = tmp_path / "retrieval.json"
    retrieval.write_text(json.dumps({"conditions": records, "scoring": {"metric": "r1"}}))
    words = [w.replace("=test_en", "=test_en,captions_en") for w in words]
    words = [w.replace("=test_fr", "=test_fr,captions_fr") for w in words]
    gap_bin.main([*words, str(retrieval)])  # of the last system, VGS+ all
    assert "|VGS+|all|12.00|13.00|60.00|65.00|" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop(4), "no --system VGS. fr; the gap needs en, fr, all"),
        (lambda f: f.pop(2), "no --system SSL all"),
        (lambda f: f.append(f[0]), "--system SSL en: is given twice"),
    ],
)
def test_what_is_missing_is_named(tmp_path, change, message):
    found = systems()
    change(found)
    with pytest.raises(SystemExit, match=message):
        gap_bin.main(arguments(tmp_path, found))


def test_what_does_not_belong_together(tmp_path):
    words = arguments(tmp_path, systems())
    one = dict.fromkeys(PLACES, 5.0)
    scores(tmp_path, "SSL", "fr", 2, one, abx={"slice": "zerospeech2021"})
    with pytest.raises(SystemExit, match="way of scoring abx differs from that of another"):
        gap_bin.main(words)
    for seed in (1, 2, 3):
        scores(tmp_path, "SSL", "fr", seed, one, abx={"slice": "zerospeech2021"})
    with pytest.raises(SystemExit, match="SSL fr: way of scoring abx differs from that of SSL en"):
        gap_bin.main(words)
    words = arguments(tmp_path, systems())
    with pytest.raises(SystemExit, match="same figure of seed 1 already"):
        gap_bin.main([*words, words[-1].replace("_3.json", "_1.json")])
    with pytest.raises(SystemExit, match="no ABX errors of layer3 of test_en, test_fr"):
        gap_bin.main([w.replace("layer12", "layer3") for w in words])
    with pytest.raises(SystemExit, match=r"--sets en: expected NAME=VALUE"):
        gap_bin.main([w.replace("en=test_en", "en") for w in words])
    with pytest.raises(SystemExit, match=r"--system SSL de .*: expected a name"):
        gap_bin.main([*words, "--system", "SSL", "de", words[-1]])
    with pytest.raises(SystemExit, match="q: choices: y, w, x, z"):
        gap_bin.main([*words, "--published", "q=1"])
    (tmp_path / "SSL_en_1.json").write_text('{"conditions": []}')
    with pytest.raises(SystemExit, match=r"SSL_en_1\.json: no scores, or of an older version"):
        gap_bin.main(words)


def test_a_language_that_no_model_was_measured_in(tmp_path):
    words = arguments(tmp_path, systems())
    words = [word.replace("=test_fr", "=test_zz") for word in words]
    with pytest.raises(SystemExit, match=r"SSL (fr|all): no ABX errors of layer12 of test_zz"):
        gap_bin.main(words)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["conditions"][0]["abx"].update(rate=float("nan")), "a figure is nan %"),
        (lambda c: c["conditions"][0]["abx"].update(rate=-1.0), "a figure is -1.0 %; score it"),
        (lambda c: c["conditions"][0]["abx"].update(rate=131.5), "a figure is 131.5 %"),
        (lambda c: c["conditions"][0]["abx"].update(rate=None), "no scores, or of an older"),
        (lambda c: c["conditions"][0].update(train_seed="x"), "no scores, or of an older"),
        (lambda c: c.update(conditions=["x"]), "no scores, or of an older"),
    ],
)
def test_figures_that_cannot_be(tmp_path, change, message):
    words = arguments(tmp_path, systems())
    path = next(word for word in words if word.endswith(".json"))
    content = json.loads(Path(path).read_text())
    change(content)
    Path(path).write_text(json.dumps(content))
    with pytest.raises(SystemExit, match=message):
        gap_bin.main(words)


def test_a_seed_that_one_system_lacks_is_named(tmp_path, capsys):
    words = arguments(tmp_path, systems())
    gap_bin.main([word for word in words if not word.endswith("SSL_fr_2.json")])
    assert "Seeds of all: 1, 3, without 2 (not of SSL fr). " in capsys.readouterr().out
    gap_bin.main(words)
    assert "Seeds of all: 1, 2, 3. " in capsys.readouterr().out


def test_a_gain_of_a_model_over_itself(tmp_path):
    words = arguments(tmp_path, systems())
    words[words.index("--with_pictures") + 1] = "SSL"
    with pytest.raises(SystemExit, match="a gain is of one over another"):
        gap_bin.main(words)
