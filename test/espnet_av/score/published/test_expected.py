"""Targets, scoring and comparisons."""

import pytest

from espnet_av.errors import ConfigError
from espnet_av.score.published.expected import check_system, compare, read_expected
from espnet_av.score.scoring import Scoring


def record(mode, noise, wer, **groups):
    return {"set": "test", "mode": mode, "noise": noise, "wer": {"rate": wer}, **groups}


def read(tmp_path, text):
    path = tmp_path / "expected_scores.yaml"
    path.write_text(text)
    return read_expected(path)


@pytest.fixture
def targets(tmp_path):
    text = (
        "- {set: test, mode: AV, noise: clean, target: 5.0, note: ours}\n"
        "- {set: test, mode: AV, noise: 'babble:-5dB', target: 20, op: '<='}\n"
        "- {set: test, mode: A, noise: 'babble:0', target: 75, op: '~'}\n"
        "- {set: test, mode: AV, lang: fr, target: 10}\n"
        "- {set: other, mode: AV, target: 10}\n"
    )
    alone = read(tmp_path, text)
    assert read(tmp_path, "targets:\n" + text) == alone
    return alone.targets


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


def test_the_metric_decides_what_a_target_means(tmp_path):
    expected = read(
        tmp_path,
        "scoring: {metric: bleu}\n"
        "targets:\n- {set: test, mode: A, target: 20}\n"
        "- {set: test, mode: AV, target: 20, op: '~'}\n",
    )
    assert expected.scoring == Scoring(metric="bleu", normaliser="none")
    assert [(target.metric, target.op) for target in expected.targets] == [
        ("bleu", ">="),
        ("bleu", "~"),
    ]
    records = [{"set": "test", "mode": "A", "noise": "clean", "bleu": {"rate": 21.0}}]
    (met, not_run) = compare(expected.targets, records)
    assert (met.got, met.is_met, not_run.got) == (21.0, True, None)
    assert read(tmp_path, "- {set: test, mode: A, metric: cer, target: 2}").targets[0].op == "<="


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {set: test, mode: AVX, target: 5}", "mode: 'AVX' is not a choice"),
        ("- {set: test, mode: AV, target: 5, metrics: wer}", "did you mean 'metric'"),
        ("- {set: test, mode: AV}", "'target' is required"),
        ("- {set: test, mode: AV, target: 5, noise: loud}", "expected 'clean' or 'category:dB'"),
        ("targets: {set: test}", "expected a list of targets"),
        ("just text", "expected a list of targets"),
        ("target: []", "unknown key 'target'; did you mean 'targets'"),
        ("- [", "not valid YAML"),
        ("scoring: {metric: ter}", "scoring: metric: 'ter' is not a choice"),
        ("scoring: wer", "scoring: expected key: value pairs"),
        ("scoring: {metric: bleu, normaliser: basic}", "set normaliser: none"),
        (
            "scoring: {metric: bleu}\ntargets: [{set: t, mode: A, metric: wer, target: 1}]",
            "entry 1: metric wer, but scoring says metric: bleu",
        ),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file; check --expected"):
        read_expected(tmp_path / "none.yaml")


def test_an_unknown_system_is_named_with_the_nearest(tmp_path):
    expected = read(tmp_path, "systems: {xlavsr_2b: XLAVS-R 2B}\n")
    check_system(expected, "xlavsr_2b")
    with pytest.raises(ConfigError, match="'xlavsr2b'; did you mean 'xlavsr_2b'"):
        check_system(expected, "xlavsr2b")
    with pytest.raises(ConfigError, match="lists none"):
        check_system(read(tmp_path, ""), "xlavsr_2b")
