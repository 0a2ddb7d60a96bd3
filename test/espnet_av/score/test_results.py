"""The page of results: every figure of the scores where a reader looks for it."""

import json
from pathlib import Path

import pytest
from oracles.decoded import write_condition

from espnet_av.score.bootstrap import Resampling
from espnet_av.score.published.expected import Expected, read_expected
from espnet_av.score.report import write_report


def page(decode_dir: Path, expected: Expected | None = None) -> str:
    write_report(
        decode_dir,
        expected or read_expected(None),
        command="score it",
        resampling=Resampling(num_resamples=20),
    )
    return (decode_dir / "RESULTS.md").read_text(encoding="utf-8")


@pytest.fixture
def expected(tmp_path):
    path = tmp_path / "expected_scores.yaml"
    path.write_text("scoring: {metric: wer, normaliser: none}\n", encoding="utf-8")
    return read_expected(path)


def test_words_by_place_of_a_command_grammar(tmp_path, expected):
    texts = {"a-1": ("bin blue now", "bin red now"), "a-2": ("set red soon", "set red")}
    write_condition(tmp_path / "d", "A", "clean", 0.0, texts=texts)
    write_condition(tmp_path / "d", "A", "clean", 0.0, set_name="other", texts={"b-1": ("go", "")})
    text = page(tmp_path / "d", expected)
    table = text[text.index("### Words recognised by place") :]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    assert rows[0] == ["condition", "word 1", "word 2", "word 3"]
    # The other set has shorter sentences: no second and third word.
    assert rows[2:4] == [["other A clean", "0", "-", "-"], ["test A clean", "100", "50", "50"]]


def test_no_places_where_sentences_differ_in_length(tmp_path, expected):
    write_condition(tmp_path / "d", "A", "clean", 0.0, texts={"a": ("x y", "x"), "b": ("z", "z")})
    assert "by place" not in page(tmp_path / "d", expected)


def test_languages_with_their_unweighted_mean(tmp_path, expected):
    texts = {"a": ("x y z w", "x y z q"), "b": ("u", "v"), "c": ("m n o p", "m n o p")}
    write_condition(tmp_path / "d", "A", "clean", 0.0, texts=texts, langs=("de", "en"))
    text = page(tmp_path / "d", expected)
    assert "### WER % by language (lower is better; unweighted mean)" in text
    # de: 1 of 8 words, en: 1 of 1; the mean is of the two figures, not of the words.
    assert "|test A clean|12.5|100.0|56.2|" in text


def test_model_data_and_time_are_on_the_page(tmp_path, expected):
    write_condition(tmp_path / "d", "A", "clean", 0.1, num_utts=20)
    text = page(tmp_path / "d", expected)
    assert "- parameters: 1.23 M" in text
    assert "- training: not recorded" in text
    assert "decoding: 1.5 s for 0.02 h on cpu (real-time factor 0.0250)" in text
    assert "`score it`" in text


def test_without_a_published_system_there_are_no_published_rows(tmp_path, expected):
    write_condition(tmp_path / "d", "A", "clean", 0.0)
    page(tmp_path / "d", expected)
    assert json.loads((tmp_path / "d" / "scores.json").read_text())["tables"] == []
