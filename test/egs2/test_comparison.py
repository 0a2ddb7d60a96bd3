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
    assert calls[1] == "av.sh --stage 8 --stop_stage 8 "
    tags = [option(call, "tag") for call in calls[2:-1]]
    assert len(tags) == len(set(tags)) == 20
    # Both need its weights or units.
    assert tags.index("sound_AV_s5") < tags.index("units_AV_s1") < tags.index("xlavsr_AV_s1")
    compared = re.findall(r"exp/(\w+)/decode/scores.json", calls[-1])
    assert sorted(compared) == sorted(tags)
    assert calls[-1].startswith("python3 -m espnet_av.bin.compare --system from scratch exp/")


def test_what_each_system_is(recipe: Path) -> None:
    options = {}
    for system in ("scratch", "sound", "avhubert", "units", "wave", "xlavsr"):
        code, errors, calls = run(recipe, "local/system.sh", system, "7")
        assert code == 0, errors
        assert all("seed=7" in option(call, "train_args") for call in calls)
        options[system] = {
            name: option(calls[0], name)
            for name in ("ssl_tag", "units_from", "units_config", "avssl_config", "train_config")
        }
        heard = [re.findall(r"dataset.modalities=(\w+)", call) for call in calls]
        assert heard == ([["AV"]] if system in ("units", "wave") else [["AV"], ["A"]])
    assert [name for name, row in options.items() if row["ssl_tag"]] == ["sound", "xlavsr"]
    assert {row["ssl_tag"] for row in options.values()} == {"", "sound_s7"}
    assert options["avhubert"]["units_config"].startswith("conf/units_mfcc.yaml ")
    # One step of the ablation after the other: units, then the front end, then the weights.
    units, wave, xlavsr = options["units"], options["wave"], options["xlavsr"]
    assert {**options["avhubert"], **{k: units[k] for k in ("units_from", "units_config")}} == units
    assert {k for k in units if units[k] != wave[k]} == {"avssl_config", "train_config"}
    assert {k for k in wave if wave[k] != xlavsr[k]} == {"ssl_tag"}


def test_pre_training_of_one_seed_is_the_same_wherever_it_is_used(recipe: Path) -> None:
    told = [
        {name: option(call, name) for name in ("ssl_tag", "ssl_config", "ssl_args")}
        for system in ("sound", "xlavsr")
        for call in run(recipe, "local/system.sh", system, "7")[2]
    ]
    assert told == told[:1] * 4
    assert "seed=7" in told[0]["ssl_args"]


@pytest.mark.parametrize("system", ["avhubert", "xlavsr"])
def test_configurations_take_what_they_are_told(recipe: Path, system: str) -> None:
    (call, *_) = run(recipe, "local/system.sh", system, "7")[2]
    for part in ("ssl", "avssl", "train"):
        if option(call, f"{part}_config"):
            told = re.findall(r"--override (\S+)", option(call, f"{part}_args"))
            config = load_config(TrainConfig, RECIPE / option(call, f"{part}_config"), told)
            assert config.seed == 7
            build(MODELS[config.model][0], config.model_conf, part)
    assert all((RECIPE / name).is_file() for name in option(call, "units_config").split())


def test_an_unknown_system_is_refused(recipe: Path) -> None:
    code, errors, calls = run(recipe, "local/system.sh", "hubert", "1")
    assert (code, calls) == (1, [])
    assert "scratch|sound|avhubert|units|wave|xlavsr <seed>; there is no 'hubert'" in errors
    assert run(recipe, "local/system.sh", "sound")[0] == 1
