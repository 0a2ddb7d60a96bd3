"""ABX in the house: from the decode stage's archives and the set's alignment to the page."""

from __future__ import annotations

import json

import numpy as np
import pytest
from oracles import abx_set

from espnet_av.bin import score as score_bin
from espnet_av.data.ark import ArkWriter
from espnet_av.data.table import Segment, write_ctm, write_table
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.abx.items import write_items
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.conditions import read_condition
from espnet_av.score.published.expected import read_expected
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring

INFO = {
    "set": "test", "mode": "A", "noise": "clean", "snr_db": None, "missing_video": None,
    "kind": "frames", "exp_dir": "exp/x", "checkpoint": "x.pth", "train_seed": 1, "seed": 0,
    "config": {}, "num_parameters": 1000, "decode_sec": 1.0, "audio_sec": 9.0, "num_utts": 6,
    "device": "cpu", "frame_hz": 50.0,
}  # fmt: skip
LANGS = {f"f{f}": ("en", "fr")[f % 2] for f in range(6)}


def decoded(root, layers=(3, 12), langs=None):
    """A folder as the decode stage leaves it: layer n has n times the features, to a power."""
    folder = root / "d" / "test" / "A_clean"
    folder.mkdir(parents=True)
    found = abx_set.features()
    for layer in layers:
        with ArkWriter(folder / f"layer{layer}.ark") as ark:
            rows = {
                n: ark.write_array(n, np.sign(v) * abs(v) ** (layer / 3)) for n, v in found.items()
            }
        write_table(folder / f"layer{layer}.scp", rows)
    write_table(folder / "utt2spk", {f"f{f}": f"s{1 + f // 2}" for f in range(6)})
    write_table(folder / "utt2num_samples", dict.fromkeys(found, "19200"))
    if langs:
        write_table(folder / "utt2lang", langs)
    info = INFO | {"layers": [f"layer{n}" for n in layers]}
    (folder / "decode.json").write_text(json.dumps(info))
    (folder / ".done").write_text("key\n")
    (folder / "provenance.yaml").write_text("command: decode\n")
    return folder


def phones(folder):
    """An alignment: b, then in turn a and o, then d, six times in each file."""
    names = ["b", "a", "d", "b", "o", "d"] * 3
    rows = [Segment(0.06 * n, 0.06, name) for n, name in enumerate(names)]
    write_ctm(folder / "ref.ctm", dict.fromkeys(LANGS, rows))


def run(root, scoring, *targets):
    expected = root / "expected_scores.yaml"
    lines = [f"scoring: {scoring}", "targets:", *(f"- {t}" for t in targets)]
    expected.write_text("\n".join(lines if targets else lines[:1]) + "\n")
    arguments = ["--expected", str(expected), "--num_resamples", "20", str(root / "d")]
    assert score_bin.main(arguments) == 0
    return json.loads((root / "d" / "scores.json").read_text(encoding="utf-8"))


def test_an_item_file_every_layer_and_the_page(tmp_path, capsys):
    decoded(tmp_path)
    write_items(tmp_path / "test.item", abx_set.items())
    options = f"{{items: '{tmp_path}/{{set}}.item', max_size_group: null, max_x_across: null}}"
    target = "{set: test, mode: A, target: 40, axes: {speaker: across, layer: layer3}}"
    scores = run(tmp_path, f"{{metric: abx, abx: {options}}}", target)
    found = {(r["axes"]["speaker"], r["axes"]["layer"]): r["abx"] for r in scores["conditions"]}
    assert list(found) == [(s, f"layer{n}") for s in ("within", "across") for n in (3, 12)]
    # The features are float16 in archives: equal to the golden ones to that precision.
    assert found["within", "layer3"]["rate"] == pytest.approx(43.82716, abs=0.5)
    assert found["across", "layer3"]["rate"] == pytest.approx(44.50231, abs=0.5)
    assert found["within", "layer3"]["num_cells"] == 36
    assert found["within", "layer12"]["rate"] != found["within", "layer3"]["rate"]
    assert scores["targets"][0]["got"] == found["across", "layer3"]["rate"]
    assert scores["targets"][0]["met"] is False
    assert scores["conditions"][0]["axes"]["context"] == "within"
    page = (tmp_path / "d" / "RESULTS.md").read_text(encoding="utf-8")
    assert "|A within within layer3|43." in page
    assert "### What ABX is made of" in page and "slice correct" in page
    assert "averaged over context, then speaker, then ordered pair of phones" in page
    pictures = [name for name in scores["pictures"] if name.startswith("abx_test_A_clean")]
    assert pictures and all((tmp_path / "d" / name).stat().st_size > 10_000 for name in pictures)


def test_items_of_the_alignment(tmp_path):
    folder = decoded(tmp_path, layers=(3,))
    phones(folder)
    scores = run(tmp_path, "{metric: abx}")
    within, across = (record["abx"] for record in scores["conditions"])
    # b a d and b o d: 16 phones have neighbours, of which a and o share theirs.
    assert within["num_items"] == 6 * 16
    assert within["num_cells"] == 3 * 2 and across["num_cells"] == 3 * 2 * 2
    assert within["most_confused"][0][:2] == ["a", "o"]
    assert scores["conditions"][0]["abx"]["num_utts"] == 6


def test_phones_of_two_languages_are_two(tmp_path):
    folder = decoded(tmp_path, layers=(3,), langs=LANGS)
    phones(folder)
    scores = run(tmp_path, "{metric: abx, abx: {speaker: [within]}}")
    (record,) = scores["conditions"]
    assert sorted(p[:2] for p in record["abx"]["most_confused"]) == [
        ["en:a", "en:o"],
        ["fr:a", "fr:o"],
    ]
    parts = {lang: part["abx"] for lang, part in record["by_lang"].items()}
    assert {lang: part["num_items"] for lang, part in parts.items()} == {"en": 48, "fr": 48}
    assert record["abx"]["rate"] == pytest.approx(
        np.mean([p["rate"] for p in parts.values()]), abs=1e-3
    )


def test_languages_by_talkers_of_both(tmp_path):
    folder = decoded(tmp_path, layers=(3,), langs=LANGS)
    write_table(folder / "utt2spk", {f"f{f}": "s1" if f < 4 else "s2" for f in range(6)})
    scores = run(tmp_path, "{metric: abx_language}")
    found = {record["axes"]["speaker"]: record for record in scores["conditions"]}
    # Within: en and fr as A by s1 alone; across: X is by the other talker, both ways.
    cells = {name: record["abx_language"]["num_cells"] for name, record in found.items()}
    assert cells == {"within": 2, "across": 4}
    assert found["within"]["abx_language"]["num_triplets"] == 2 * 2 * 2
    unit = "utterance, mean of frames; of one talker and one length (bins of a factor 1.4)"
    assert found["within"]["triplets"]["unit"] == unit
    means = np.stack([abx_set.features()[f"f{f}"].mean(axis=0) for f in range(4)])
    far = abx_set.angular(means, means)
    wins = [
        far[a, x] < far[b, x] for x in range(4) for a in range(4) for b in range(4)
        if a != x and a % 2 == x % 2 != b % 2
    ]  # fmt: skip
    assert found["within"]["abx_language"]["rate"] == pytest.approx(100 * (1 - np.mean(wins)))


def test_languages_by_talkers_of_one_each(tmp_path):
    folder = decoded(tmp_path, layers=(3,), langs=LANGS)
    write_table(folder / "utt2spk", {f"f{f}": f"s{f}" for f in range(6)})
    scored = score_condition(folder, Scoring(metric="abx_language"))
    assert [axes["speaker"] for axes in scored.variants] == ["within"]
    assert "all talkers, as none speaks several" in scored.extras()["triplets"]["unit"]
    write_table(folder / "utt2gender", {f"f{f}": "fm"[f // 3] for f in range(6)})
    scored = score_condition(folder, Scoring(metric="abx_language"))
    assert "one gender" in scored.extras()["triplets"]["unit"]
    (axes,) = scored.variants
    assert scored.figures(set(LANGS), Resampling(9, 0), axes)["abx_language"]["num_triplets"] == 4


def test_a_set_of_one_language(tmp_path):
    folder = decoded(tmp_path, layers=(3,))
    with pytest.raises(DataDirError, match="all utterances are of one language"):
        score_condition(folder, Scoring(metric="abx_language"))


def test_what_cannot_be_scored_is_named(tmp_path):
    folder = decoded(tmp_path, layers=(3,))
    with pytest.raises(DataDirError, match=r"ref\.ctm: missing: .* scoring: \{abx: \{items:"):
        score_condition(folder, Scoring(metric="abx"))
    write_ctm(folder / "ref.ctm", {"f0": [Segment(0.0, 0.5, "hello")]})
    with pytest.raises(DataDirError, match=r"no phone becomes an item .*does it hold phones"):
        score_condition(folder, Scoring(metric="abx"))
    with pytest.raises(
        ConfigError, match=r"predicts frames, but metric wer is of text; set .*abx or"
    ):
        score_condition(folder, Scoring())
    info = read_condition(folder).info | {"layers": []}
    (folder / "decode.json").write_text(json.dumps(info))
    with pytest.raises(DataDirError, match=r"decode\.json: lacks layers"):
        score_condition(folder, Scoring(metric="abx"))


def test_options_of_triplets_are_for_triplets(tmp_path):
    path = tmp_path / "expected_scores.yaml"
    path.write_text("scoring: {metric: wer, abx: {distance: euclidean}}\n")
    with pytest.raises(ConfigError, match=r"metric wer with abx .*it compares no triplets"):
        read_expected(path)
    path.write_text("scoring: {metric: abx, abx: {distance: cosine}}\n")
    with pytest.raises(ConfigError, match="abx: distance"):
        read_expected(path)
    path.write_text("scoring: {metric: abx, abx: {max_size_group: 1}}\n")
    with pytest.raises(ConfigError, match="at least 2"):
        read_expected(path)
