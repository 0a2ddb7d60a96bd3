"""Plans: order, range of stages, lists, and what a plan costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.options import KINDS, Options, parse_options
from espnet_av.recipe.plan import is_asked, make_plan
from espnet_av.recipe.stages import Site
from espnet_av.recipe.step import Note, Step

LIST = """
defaults: {units_config: conf/u.yaml}
tests: {words: {}}
experiments:
  a: {config: conf/a.yaml, sets: [x, y]}
  b: {config: conf/a.yaml, from: a, units: "a:3"}
  c: {config: conf/a.yaml, from: b, tokens: {}, seeds: [1, 2], tests: [words]}
  d: {config: conf/a.yaml, from: c, tokens: {}, seeds: [1, 2], kind: mid}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "conf").mkdir()
    for name in ("roi", "dump", "noise", "decode", "train_avsr", "u", "a", "mid"):
        (tmp_path / f"conf/{name}.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "expected_scores.yaml").touch()
    (tmp_path / "list.yaml").write_text(LIST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def markers(*words: str) -> list[str]:
    """What is made, in order."""
    parts = make_plan(parse_options(words), Site())
    return [part.marker for part in parts if isinstance(part, Step)]


def asked(stage: int, stop_stage: int) -> list[str]:
    return [k for k in KINDS if is_asked(Options(stage=stage, stop_stage=stop_stage), k)]


def test_mid_training_comes_after_tokens_and_before_fine_tuning(recipe: Path) -> None:
    made = markers("--stage", "tokens", "--stop_stage", "finetune", "--mid_config", "conf/mid.yaml")
    assert made == [
        "data/token_list/char/.done",
        "exp/mid/.done.train",
        "exp/avsr_char_from_mid/.done.finetune",
    ]


def test_ranges_go_by_number_and_by_order() -> None:
    assert asked(8, 8) == ["tokens"] and asked(7, 7) == ["mid"]
    assert asked(7, 8) == asked(8, 7) == ["mid", "tokens"]
    assert asked(8, 9) == ["mid", "tokens", "finetune"]
    assert asked(1, 100) == list(KINDS) and asked(5, 4) == []


def test_a_list_makes_what_is_shared_once(recipe: Path) -> None:
    made = markers("--experiments", "list.yaml", "--stage", "dump", "--stop_stage", "decode")
    assert len(made) == len(set(made))
    assert [mark for mark in made if "exp/" in mark or "units" in mark] == [
        "exp/a/.done.train",
        "dump/units/b/.done",
        "exp/b/.done.train",
        "exp/c_s1/.done.finetune",
        "exp/c_s1/decode/.done.decode",
        "exp/c_s2/.done.finetune",
        "exp/c_s2/decode/.done.decode",
        "exp/d_s1/.done.train",
        "exp/d_s2/.done.train",
    ]
    assert "dump/x_y/.done" in made and "dump/y/.done" in made


def test_what_writes_no_text_is_tested_but_not_packed(recipe: Path) -> None:
    entry = "{config: conf/a.yaml, tests: [words]}"
    (recipe / "list.yaml").write_text(f"tests: {{words: {{}}}}\nexperiments: {{a: {entry}}}\n")
    (recipe / "conf/roi.yaml").unlink()
    words = ("--experiments", "list.yaml", "--stage", "ssl")
    assert markers(*words) == [
        "exp/a/.done.train", "exp/a/decode/.done.decode", "exp/a/decode/.done.score"
    ]  # fmt: skip
    said = [part for part in make_plan(parse_options(words), Site()) if isinstance(part, Note)]
    assert any("exp/a writes no text" in part.words[-1] for part in said)
    # What does write some needs to know how mouths are cut.
    with pytest.raises(ConfigError, match=r"--roi_config conf/roi\.yaml: no such file"):
        markers("--stage", "pack")


def test_side_by_side_goes_by_levels(recipe: Path) -> None:
    parts = make_plan(parse_options(["--experiments", "list.yaml", "--jobs", "2"]), Site())
    runs = [p.words[1:] for p in parts if isinstance(p, Note) and p.words[0] == "side_by_side"]
    assert runs == [("2", "a"), ("2", "b"), ("2", "c_s1", "c_s2"), ("2", "d_s1", "d_s2")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "--experiments list.yaml --train_config conf/a.yaml",
            "--train_config is for runs without",
        ),
        ("--only a", "--only is for lists"),
        ("--experiments list.yaml --seeds one", "seeds are whole numbers"),
        ("--experiments gone.yaml", "gone.yaml"),
        ("--mid_config conf/gone.yaml", "--mid_config conf/gone.yaml: no such file, which stage 7"),
        ("--skip_stages finetun", "did you mean finetune"),
    ],
)
def test_mistakes_are_named(recipe: Path, words: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        markers(*words.split())


def test_a_configuration_of_a_list_that_is_missing(recipe: Path) -> None:
    (recipe / "conf/u.yaml").unlink()
    with pytest.raises(
        ConfigError, match=r"list.yaml: b: conf/u.yaml: no such file, which stage 5"
    ):
        markers("--experiments", "list.yaml")
    assert markers("--experiments", "list.yaml", "--stop_stage", "4")


def test_a_plan_needs_no_torch() -> None:
    code = (
        "import sys, espnet_av.bin.plan; print(*{'torch', 'numpy', 'espnet2'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"


def test_images_are_made_before_the_dump_which_takes_them(recipe: Path) -> None:
    (recipe / "conf/images.yaml").write_text("width: 8\n", encoding="utf-8")
    words = ("--images_config", "conf/images.yaml", "--stage", "dump", "--stop_stage", "dump")
    sources = ("--image_sources", "/c/train.tsv /c/val.tsv")
    steps = [p for p in make_plan(parse_options((*words, *sources)), Site()) if isinstance(p, Step)]
    made = [step.marker for step in steps]
    assert made.index("dump/images/.done") < made.index("dump/train/.done")
    step = steps[made.index("dump/images/.done")]
    assert "if:data/train/utt2image" in step.inputs
    command = " ".join(step.jobs[0].words)
    assert "bin.images dump/images --config conf/images.yaml --sources /c/train.tsv " in command
    assert command.endswith("--data_dirs data/test data/train data/valid --job JOB --num_jobs 2")
    dump = steps[made.index("dump/train/.done")]
    assert "dump/images/.done" in dump.inputs and "--images_dir" in dump.jobs[0].words
    assert "dump/images/.done" not in markers("--stage", "roi", "--stop_stage", "dump")
    with pytest.raises(ConfigError, match="no --image_sources"):
        markers(*words)


def test_sound_alone_needs_no_mouths(recipe: Path) -> None:
    (recipe / "conf/roi.yaml").unlink()
    words = ("--stop_stage", "dump", "--noise_config", "none", "--roi_config", "none")
    assert markers(*words) == [
        "data/.done",
        *(f"dump/{name}/.done" for name in ("test", "train", "valid")),
    ]


def test_many_sets_are_no_name_together(recipe: Path) -> None:
    names = ", ".join(f"train_{n:02d}_in_some_language" for n in range(9))
    (recipe / "list.yaml").write_text(
        f"experiments: {{a: {{config: conf/a.yaml, sets: [{names}]}}}}"
    )
    with pytest.raises(
        ConfigError, match=r"is too long for the name of a file; .* a: sets: several"
    ):
        markers("--experiments", "list.yaml")
