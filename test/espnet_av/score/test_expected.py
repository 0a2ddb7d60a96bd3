"""Targets and comparisons."""

import pytest

from espnet_av.errors import ConfigError
from espnet_av.score.expected import compare, read_targets


def record(mode, noise, wer, **groups):
    return {"set": "test", "mode": mode, "noise": noise, "wer": {"rate": wer}, **groups}


@pytest.fixture
def targets(tmp_path):
    path = tmp_path / "expected_scores.yaml"
    path.write_text(
        "- {set: test, mode: AV, noise: clean, target: 5.0, note: ours}\n"
        "- {set: test, mode: AV, noise: 'babble:-5dB', target: 20, op: '<='}\n"
        "- {set: test, mode: A, noise: 'babble:0', target: 75, op: '~'}\n"
        "- {set: test, mode: AV, lang: fr, target: 10}\n"
        "- {set: other, mode: AV, target: 10}\n"
    )
    return read_targets(path)


def test_met_missed_compared_and_not_run(targets):
    by_lang = {"fr": {"wer": {"rate": 9.0}}}
    found = compare(
        targets,
        [
            record("AV", "clean", 5.0, by_lang=by_lang),
            record("AV", "babble:-5", 20.1),
            record("A", "babble:0", 80.0),
        ],
    )
    assert [row.got for row in found] == [5.0, 20.1, 80.0, 9.0, None]
    assert [row.is_met for row in found] == [True, False, None, True, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {set: test, mode: AVX, target: 5}", "mode: 'AVX' is not a choice"),
        ("- {set: test, mode: AV, target: 5, metrics: wer}", "did you mean 'metric'"),
        ("- {set: test, mode: AV}", "'target' is required"),
        ("- {set: test, mode: AV, target: 5, noise: loud}", "expected 'clean' or 'category:dB'"),
        ("set: test", "expected a list of targets"),
        ("- [", "not valid YAML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    path = tmp_path / "expected_scores.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_targets(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file; check --expected"):
        read_targets(tmp_path / "none.yaml")
