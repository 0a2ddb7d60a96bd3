"""run_comparison.sh: what it trains, in what order, and that its table finds them all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.train.config import TrainConfig

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mini_av/avsr1"
NOTE = '#!/usr/bin/env bash\nprintf "%s " "${0##*/}" "$@" >>calls; echo >>calls\n'


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The scripts with an av.sh and a Python that only note how they were called."""
    (tmp_path / "local").mkdir()
    (tmp_path / "utils").symlink_to(ROOT / "utils")
    for name in ("run_comparison.sh", "local/system.sh"):
        shutil.copy(RECIPE / name, tmp_path / name)
    (tmp_path / "path.sh").write_text('PATH="${PWD}/bin:${PATH}"\n', encoding="utf-8")
    (tmp_path / "bin").mkdir()
    for program in ("av.sh", "bin/python3"):
        (tmp_path / program).write_text(NOTE, encoding="utf-8")
        (tmp_path / program).chmod(0o755)
    return tmp_path


def run(recipe: Path, *words: str) -> tuple[int, str, list[str]]:
    (recipe / "calls").unlink(missing_ok=True)
    result = subprocess.run(
        ["bash", *words],
        cwd=recipe,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    calls = (recipe / "calls").read_text(encoding="utf-8") if (recipe / "calls").exists() else ""
    return result.returncode, result.stderr, calls.splitlines()


def option(call: str, name: str) -> str:
    found = re.search(rf"--{name} (.*?)(?= --(?!override)|$)", call)
    return found.group(1).strip() if found else ""


def test_every_experiment_of_the_table_is_trained_once(recipe: Path) -> None:
    code, errors, calls = run(recipe, "./run_comparison.sh", "--seeds", "1 5", "--jobs", "1")
    assert code == 0, errors
    assert calls[0] == "av.sh --stop_stage 3 --nj 1 "
    assert calls[1] == "av.sh --stage 8 --stop_stage 8 --token_type word "
    tuned = [call for call in calls[2:-1] if option(call, "tag")]
    tags = [option(call, "tag") for call in tuned]
    assert len(tags) == len(set(tags)) == 20
    compared = re.findall(r"exp/(\w+)/decode/scores.json", calls[-1])
    assert sorted(compared) == sorted(tags)
    assert calls[-1].startswith("python3 -m espnet_av.bin.compare --system from scratch exp/")
    # What an experiment starts from is trained before it, by the call that names the tag.
    for call, tag in zip(tuned, tags, strict=True):
        start = option(call, "finetune_from").removeprefix("exp/")
        before = calls[: calls.index(call)]
        made = {option(c, "ssl_tag") for c in before} | {
            f"{option(c, 'avssl_tag')}_r{option(c, 'rounds') or 1}" for c in before
        }
        assert start == "none" or start in made, tag
    firsts = [option(call, "avssl_tag") or option(call, "ssl_tag") for call in calls[2:-1]]
    assert firsts.index("sound") < min(map(firsts.index, ("wave", "xlavsr", "units")))


def test_what_each_system_is(recipe: Path) -> None:
    options = {}
    for system in ("scratch", "sound", "avhubert", "units", "wave", "xlavsr"):
        code, errors, calls = run(recipe, "local/system.sh", "tune", system, "A", "7")
        assert code == 0, errors
        (call,) = calls
        assert "seed=7" in option(call, "train_args")
        assert "dataset.modalities=A " in option(call, "train_args") + " "
        made = (
            "" if system == "scratch" else run(recipe, "local/system.sh", "pretrain", system)[2][0]
        )
        options[system] = {
            name: option(made, name)
            for name in ("ssl_tag", "units_from", "units_config", "avssl_config")
        } | {"train_config": option(call, "train_config")}
    assert [name for name, row in options.items() if row["ssl_tag"]] == ["sound", "xlavsr"]
    assert options["avhubert"]["units_config"].startswith("conf/units_mfcc.yaml ")
    # One step of the ablation after the other: units, then the front end, then the weights.
    units, wave, xlavsr = options["units"], options["wave"], options["xlavsr"]
    assert {**options["avhubert"], **{k: units[k] for k in ("units_from", "units_config")}} == units
    assert {k for k in units if units[k] != wave[k]} == {"avssl_config", "train_config"}
    assert {k for k in wave if wave[k] != xlavsr[k]} == {"ssl_tag"}


def test_the_audio_only_model_is_the_same_wherever_it_is_used(recipe: Path) -> None:
    told = [
        {name: option(call, name) for name in ("ssl_tag", "ssl_config", "ssl_args")}
        for system in ("sound", "xlavsr")
        for call in run(recipe, "local/system.sh", "pretrain", system)[2]
    ]
    assert told == told[:1] * 2


@pytest.mark.parametrize("words", [("pretrain", "avhubert"), ("tune", "xlavsr", "AV", "7")])
def test_configurations_take_what_they_are_told(recipe: Path, words: tuple[str, ...]) -> None:
    (call,) = run(recipe, "local/system.sh", *words)[2]
    for part in ("ssl", "avssl", "train"):
        if option(call, f"{part}_config"):
            told = re.findall(r"--override (\S+)", option(call, f"{part}_args"))
            config = load_config(TrainConfig, RECIPE / option(call, f"{part}_config"), told)
            assert config.seed == int(words[3] if words[0] == "tune" else 1)
            build(MODELS[config.model][0], config.model_conf, part)
    assert all((RECIPE / name).is_file() for name in option(call, "units_config").split())


def test_an_unknown_system_is_refused(recipe: Path) -> None:
    code, errors, calls = run(recipe, "local/system.sh", "pretrain", "hubert")
    assert (code, calls) == (1, [])
    assert "scratch sound avhubert units wave xlavsr; there is no 'hubert'" in errors
    assert run(recipe, "local/system.sh", "tune", "sound")[0] == 1
