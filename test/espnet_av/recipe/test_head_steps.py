"""Heads on a frozen model: its states once for all, a sweep, the best of it tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.experiment_list import load_experiments
from espnet_av.recipe.named import named_experiments
from espnet_av.recipe.options import Options
from espnet_av.recipe.plan import make_plan
from espnet_av.recipe.stages import Site
from espnet_av.recipe.step import Note, Step

LIST = """
defaults: {states: stored, sweep: {optim_conf.lr: [1e-2, 0.001]}}
tests:
  word: {sets: [test], modes: [A], noises: [clean]}
experiments:
  below: {config: b.yaml, states: computed, sweep: {}}
  ks: {config: k.yaml, upstream: ../other/exp/sound, tests: [word]}
  ic: {config: k.yaml, upstream: ../other/exp/sound, tests: [word]}
  pr: {config: k.yaml, upstream: below, tokens: {type: word}, states: computed, seeds: [1, 2]}
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a list, and the configurations that it names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    for name in ("b", "k", "conf/roi", "conf/dump", "conf/noise", "conf/decode"):
        (tmp_path / f"{name}.yaml").write_text("{}\n", encoding="utf-8")
    (tmp_path / "list.yaml").write_text(LIST, encoding="utf-8")
    return tmp_path


def plan(**options: object) -> list[Step | Note]:
    given = {"experiments": "list.yaml", "expected_scores": "", "stop_stage": 11, **options}
    return make_plan(Options(**given), Site())  # type: ignore[arg-type]


def steps(**options: object) -> dict[str, Step]:
    return {part.marker: part for part in plan(**options) if isinstance(part, Step)}


def command(step: Step) -> str:
    return " ".join(step.jobs[-1].words)


def test_states_are_stored_once_and_learnt_from(recipe: Path) -> None:
    found = steps()
    stored = [marker for marker in found if marker.startswith("dump/states")]
    assert stored == [f"dump/states/sound/{name}/.done.decode" for name in ("train", "valid")]
    told = "--exp_dir ../other/exp/sound --kind states --sets dump/valid --modes A --noises clean"
    assert told in command(found[stored[1]])
    assert "../other/exp/sound/.done.[tf]*" in found[stored[1]].inputs
    for name in ("ks", "ic"):
        head = found[f"exp/{name}_lr0.01/.done.finetune"]
        told = command(head)
        assert "--override upstream=../other/exp/sound --override model_conf.states=stored" in told
        assert "--override optim_conf.lr=0.01 --train_dir dump/states/sound/train/A_clean" in told
        assert "--valid_dir dump/states/sound/valid/A_clean" in told and "--token_dir" not in told
        assert set(stored) < set(head.inputs)


def test_the_best_of_a_sweep_is_tested(recipe: Path) -> None:
    found = steps()
    order = list(found)
    best = found["exp/ks/.done.finetune"]
    assert command(best).endswith("choose --output exp/ks exp/ks_lr0.01 exp/ks_lr0.001")
    assert [m for m in best.inputs if m in found] == [
        "exp/ks_lr0.01/.done.finetune",
        "exp/ks_lr0.001/.done.finetune",
    ]
    assert order.index("exp/ks/.done.finetune") > order.index("exp/ks_lr0.001/.done.finetune")
    tested = [marker for marker in order if marker.endswith(".done.score")]
    assert tested == ["exp/ks/decode/.done.score", "exp/ic/decode/.done.score"]
    assert "exp/ks/.done.finetune" in found["exp/ks/decode/.done.decode"].inputs


def test_a_model_of_the_list_comes_first_and_may_run_at_every_step(recipe: Path) -> None:
    found = steps()
    head = found["exp/pr_s2_lr0.001/.done.finetune"]
    told = command(head)
    assert "--override upstream=exp/below --override seed=2 --override optim_conf.lr=0.001" in told
    assert "--token_dir data/token_list/word --train_dir dump/train" in told
    assert "exp/below/.done.[tf]*" in head.inputs and "states=stored" not in told
    assert list(found).index("exp/below/.done.train") < list(found).index(head.marker)


def test_side_by_side_the_choice_waits_for_its_sweep(recipe: Path) -> None:
    parts = plan(jobs=4)
    groups = [part.words[2:] for part in parts if part.lines()[0].startswith("side_by_side")]
    assert groups[0] == ("below", "ks_lr0.01", "ks_lr0.001", "ic_lr0.01", "ic_lr0.001")
    assert groups[1] == (
        *("ks", "ic", "pr_s1_lr0.01", "pr_s1_lr0.001", "pr_s2_lr0.01", "pr_s2_lr0.001"),
    )
    assert groups[2] == ("pr_s1", "pr_s2")
    # What several read is made before, by one.
    lines = [part.lines()[0] for part in parts]
    first = next(i for i, line in enumerate(lines) if line.startswith("side_by_side"))
    assert any("dump/states/sound/valid" in line for line in lines[:first])


def test_one_of_a_sweep_or_all_of_it(recipe: Path) -> None:
    found, options = load_experiments("list.yaml"), Options().with_defaults()

    def names(only: str) -> list[str]:
        asked = Options(only=only, decode_config=options.decode_config)
        return [named.name for named in named_experiments(found, asked)]

    assert names("ks") == ["ks_lr0.01", "ks_lr0.001", "ks"]
    assert names("ks_lr0.001") == ["ks_lr0.001"]
    assert names("pr_s2") == ["below", "pr_s2_lr0.01", "pr_s2_lr0.001", "pr_s2"]
    with pytest.raises(ConfigError, match=r"did you mean ks_lr0\.01"):
        names("ks_lr0.1")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("states: computed, sweep: {}}", "sweep: {}}", "below: states: stored are those of a"),
        ("upstream: below", "upstream: belov", "pr: upstream: there is no 'belov'; did you mean"),
        ("upstream: below", "upstream: mfcc", "upstream: there is no 'mfcc'"),
        ("[1e-2, 0.001]", "[]", "give one key and its values"),
        ("[1e-2, 0.001]", "[1, 2], a: [3]", "sweep is over optim_conf.lr, a; give one key"),
        ("[1e-2, 0.001]", "[0.01, 1e-2]", "two of the values are one and the same"),
        ("[1e-2, 0.001]", '["a b"]', "a value is a word without white space"),
        (
            "ic: {config: k.yaml, upstream: ../other/",
            "ic: {config: k.yaml, upstream: ../more/",
            "both called sound, under which their states are stored",
        ),
        ("tokens: {type: word}, ", "kind: mid, ", ""),
        ("upstream: below, tokens: {type: word}", "kind: mid", "kind mid writes text"),
    ],
)
def test_lists_that_cannot_be(recipe: Path, old: str, new: str, message: str) -> None:
    assert old in LIST
    (recipe / "list.yaml").write_text(LIST.replace(old, new), encoding="utf-8")
    if message:
        with pytest.raises(ConfigError, match=message):
            plan()
    else:
        assert plan()
