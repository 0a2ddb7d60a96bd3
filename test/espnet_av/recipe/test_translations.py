"""Lists with translations of texts, decoders as parts, tokens that are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.options import parse_options
from espnet_av.recipe.plan import make_plan
from espnet_av.recipe.stages import Site
from espnet_av.recipe.step import Note, Step

LIST = """
tests:
  words: {sets: [test_a, test_b], folder: wer}
  bleu: {sets: [test_a, test_b], expected: bleu.yaml}
experiments:
  asr: {config: conf/a.yaml, tokens: {}, seeds: [1, 2], tests: [words]}
  st: {config: conf/a.yaml, from: asr, parts: [downloads/decoder.pth], seeds: [1, 2],
       tokens: {taken: downloads/tokens, target_lang: en}, tests: [bleu]}
translations:
  ceiling: {model: downloads/mbart, test: bleu, args: --used_as ca=es}
  cascade: {model: downloads/mbart/, test: bleu, of: asr:words}
tables:
  all.md: {rows: {st: speech, cascade: cascade, ceiling: ceiling}}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "conf").mkdir()
    for name in ("roi", "dump", "noise", "decode", "a"):
        (tmp_path / f"conf/{name}.yaml").write_text("a: 1\n", encoding="utf-8")
    for name in ("expected_scores", "bleu"):
        (tmp_path / f"{name}.yaml").touch()
    (tmp_path / "list.yaml").write_text(LIST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(*words: str) -> list[Step | Note]:
    told = ["--experiments", "list.yaml", "--stage", "tokens", "--tgt_lang", "en", *words]
    return make_plan(parse_options(told), Site())


def steps(*words: str) -> dict[str, Step]:
    return {part.marker: part for part in plan(*words) if isinstance(part, Step)}


def test_transcripts_and_what_was_recognised_are_translated_and_scored(recipe: Path) -> None:
    made = steps()
    command = " ".join(made["exp/ceiling/decode/.done.decode"].jobs[0].words)
    sets = "--sets dump/test_a dump/test_b"
    assert f"--target_lang en --used_as ca=es {sets}" in command and "--of" not in command
    for seed in (1, 2):
        step = made[f"exp/cascade_s{seed}/decode/.done.decode"]
        assert f"--of exp/asr_s{seed}/wer {sets}" in " ".join(step.jobs[0].words)
        assert f"exp/asr_s{seed}/wer/.done.decode" in step.inputs
        assert "downloads/mbart/config.json" in step.inputs
        score = made[f"exp/cascade_s{seed}/decode/.done.score"]
        assert "--expected bleu.yaml" in " ".join(score.jobs[0].words)
    order = list(made)
    assert order.index("exp/asr_s2/wer/.done.decode") < order.index(
        "exp/cascade_s2/decode/.done.decode"
    )


def test_they_are_rows_of_tables(recipe: Path) -> None:
    run = next(part.words for part in plan() if part_is_table(part))
    rows = " ".join(run).split(" --system ")[1:]
    assert [row.split(" exp/")[0] for row in rows] == ["speech", "cascade", "ceiling"]
    assert "exp/cascade_s1/decode/scores.json exp/cascade_s2/decode/scores.json" in rows[1]
    assert "exp/ceiling/decode/scores.json" in rows[2]


def part_is_table(part: Step | Note) -> bool:
    return isinstance(part, Note) and "espnet_av.bin.compare" in part.words


def test_a_decoder_is_a_part_of_the_start_and_its_tokens_are_taken(recipe: Path) -> None:
    made = steps()
    step = made["exp/st_s1/.done.finetune"]
    assert "init_param=[exp/asr_s1,downloads/decoder.pth]" in step.words
    assert {"downloads/decoder.pth", "downloads/tokens/tokens.txt"} <= set(step.inputs)
    assert "downloads/tokens/.done" not in made and "data/token_list/char_to_en/.done" in made
    assert "dataset.target_lang=en" in step.words


def test_one_alone_needs_what_wrote_its_texts(recipe: Path) -> None:
    made = steps("--only", "cascade")
    assert "exp/asr_s2/.done.finetune" in made and "exp/cascade_s1/decode/.done.score" in made
    assert not [mark for mark in made if "st_s" in mark or "ceiling" in mark]
    assert not [mark for mark in steps("--only", "ceiling") if "asr" in mark]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "of: asr:",
            "of: asd:",
            r"translations\.cascade: of: there is no 'asd'; did you mean 'asr'",
        ),
        ("of: asr:words", "of: asr", "of: asr: there is no 'bleu'; there are: words"),
        ("test: bleu, of", "test: blue, of", "there is no 'blue'; did you mean 'bleu'"),
        ("cascade: {model", "st: {model", "there is an experiment of that name"),
        ("taken: downloads/tokens", "type: char, taken: x/y", "as they are; leave out type"),
        ("[downloads/decoder.pth]", '["a b.pth"]', "white space"),
        ("ceiling: ceiling}", "ceilin: c}", "there is no 'ceilin'"),
    ],
)
def test_mistakes_are_named(recipe: Path, old: str, new: str, message: str) -> None:
    (recipe / "list.yaml").write_text(LIST.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        steps()
