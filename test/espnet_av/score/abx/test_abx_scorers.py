"""ABX as scores of frames, by phones and by languages, and what they refuse."""

from __future__ import annotations

import json

import numpy as np
import pytest
from oracles import abx_set
from oracles.abx_decoded import LANGS, decoded, run

from espnet_av.data.table import Segment, write_ctm, write_table
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.conditions import read_condition
from espnet_av.score.published.expected import read_expected
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring


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
