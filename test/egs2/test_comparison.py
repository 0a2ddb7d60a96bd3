"""run_comparison.sh: what it trains, in what order, and that its table finds them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from list_plans import check_config, commands, overrides, start, trainings

RECIPE = Path(__file__).resolve().parents[2] / "egs2/mini_av/avsr1"
PRETRAINED = {"sound", "avhubert_r1", "avhubert_r2", "units_r1", "wave_r1", "xlavsr_r1"}


@pytest.fixture(scope="module")
def found() -> list[str]:
    return commands(RECIPE / "run_comparison.sh", "--seeds", "1 5")


def test_every_experiment_of_the_table_is_trained_once(found: list[str]) -> None:
    trained = trainings(found)
    assert len([line for line in found if "bin.train " in line]) == len(trained)
    tuned = [name for name in trained if name not in PRETRAINED]
    assert len(tuned) == 20
    (table,) = [line for line in found if "bin.compare " in line]
    assert sorted(re.findall(r"exp/(\w+)/decode/scores.json", table)) == sorted(tuned)
    assert table.startswith("python3 -m espnet_av.bin.compare --system from scratch none/exp/")
    assert table.endswith("--output results/comparison.md")
    # What an experiment starts from, and what its units are of, is trained before it.
    names = list(trained)
    for name, command in trained.items():
        assert start(command) in ("", *names[: names.index(name)])
    fits = {
        (out := line.split("bin.units none/dump/units/")[1].split()[0]): line
        for line in found
        if line.endswith("--fit")
    }
    assert out in trained and set(fits) == PRETRAINED - {"sound"}
    for name, line in fits.items():
        source = re.search(r"--exp_dir none/exp/(\S+)", line)
        assert source is None or names.index(source[1]) < names.index(name)
        assert (RECIPE / re.findall(r"--config (\S+)", line)[0]).is_file()


def test_one_step_of_the_ablation_after_the_other(found: list[str]) -> None:
    """Units, then the front end, then the weights."""
    trained = trainings(found)
    configs = {name: trained[name].split("--config ")[1].split()[0] for name in trained}
    assert configs["avhubert_r2"] == configs["units_r1"] != configs["wave_r1"]
    assert configs["wave_r1"] == configs["xlavsr_r1"]
    assert (start(trained["wave_r1"]), start(trained["xlavsr_r1"])) == ("", "sound")
    for name in ("scratch", "sound", "avhubert", "xlavsr"):
        for seed in ("1", "5"):
            heard, seen = (overrides(trained[f"{name}_{way}_s{seed}"]) for way in ("A", "AV"))
            assert f"seed={seed}" in heard and "dataset.modalities=A" in heard
            assert [w + "V" if w.startswith("dataset.mod") else w for w in heard] == seen


@pytest.mark.parametrize("name", ["sound", "avhubert_r2", "xlavsr_AV_s5"])
def test_configurations_take_what_they_are_told(found: list[str], name: str) -> None:
    assert check_config(trainings(found)[name], RECIPE).seed == (5 if name.endswith("5") else 1)


def test_one_of_them_with_what_it_starts_from() -> None:
    found = commands(RECIPE / "run_comparison.sh", "--only", "xlavsr_AV_s2", "--stage", "train")
    assert list(trainings(found)) == ["sound", "xlavsr_r1", "xlavsr_AV_s2"]
    assert not [line for line in found if "bin.compare " in line or "bin.dump " in line]
