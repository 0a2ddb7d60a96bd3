"""Options of a run: pairs of name and value, names of stages, help."""

from __future__ import annotations

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.options import KINDS, Options, help_text, parse_options, stage_number


def test_pairs_switches_and_repeated_options() -> None:
    words = [
        "--dry_run",
        "--nj",
        "3",
        "--tag",
        "a",
        "--dry-run",
        "false",
        "--tag",
        "b",
        "--train_args",
    ]
    options = parse_options([*words, "--override a=1"])
    assert options == Options(dry_run=False, nj=3, tag="b", train_args="--override a=1")
    assert parse_options(["--nj", "4", "--dry_run"]) == Options(nj=4, dry_run=True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--trian_config", "x"], "unknown option --trian_config; did you mean --train_config"),
        (["--nj=3"], "write '--nj 3', without '='"),
        (["--nj"], "option --nj needs a value"),
        (["--nj", "many"], "--nj 'many': expected a whole number"),
        (["--dry_run", "maybe"], "takes true or false, not 'maybe'"),
        (["more"], "unexpected argument 'more'"),
        (["--stage", "finetun"], "did you mean finetune"),
    ],
)
def test_mistakes_are_named(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_options(words)


def test_stages_by_name() -> None:
    options = parse_options(["--stage", "tokens", "--stop_stage", "mid"])
    assert (options.stage, options.stop_stage) == (8, 7)
    assert [stage_number("stage", name) for name in KINDS] == list(range(1, 13))
    assert (stage_number("stage", "train"), stage_number("stop_stage", "train")) == (4, 9)


def test_configurations_follow_from_folder_and_system() -> None:
    options = Options(conf="conf/tiny", system="x", noise_config="none").with_defaults()
    assert options.train_config == "conf/tiny/train_x.yaml"
    assert (options.roi_config, options.noise_config) == ("conf/tiny/roi.yaml", "none")


def test_help_has_every_option_with_its_default() -> None:
    text = help_text()
    for name, value in vars(Options()).items():
        shown = str(value).lower() if isinstance(value, bool) else value if value != "" else '""'
        assert f"\n{name}={shown}" in text
