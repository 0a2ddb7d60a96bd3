"""Several stages of training on a few clips: what is trained, in what order, and the table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from av_recipe import places, run_script
from list_plans import check_config, commands, overrides, start, trainings

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mini_av/avsr1"
CONF = RECIPE / "conf"
CORPUS = {"num_train": 8, "num_valid": 2, "num_test": 2, "num_test_unseen": 0}
SHORT = {"max_steps": 2, "valid_interval_steps": 2, "save_interval_steps": 2,
         "log_interval_steps": 1, "scheduler": "constant", "scheduler_conf": {}}  # fmt: skip
KEPT = ("pre_both", "mid_both_de", "asr_none", "asr_both", "asr_both_de")
SMALL = {"size": 16, "num_layers": 1, "attention_heads": 2, "linear_units": 16}


@pytest.fixture(scope="module")
def found() -> list[str]:
    return commands(RECIPE / "run_multistage.sh", "--seeds", "1 4")


def test_every_pair_of_choices_is_trained_from_its_start(found: list[str]) -> None:
    trained = trainings(found)
    names = list(trained)
    assert len(names) == 2 * (3 + 8 + 12)
    for seed in ("1", "4"):
        for pre in ("none", "mae", "clr", "both"):
            before = "" if pre == "none" else f"pre_{pre}_s{seed}"
            assert start(trained[f"asr_{pre}_s{seed}"]) == before
            for lang in ("de", "it"):
                mid = f"mid_{pre}_{lang}_s{seed}"
                assert start(trained[mid]) == before
                assert f"dataset.target_lang={lang}" in overrides(trained[mid])
                assert start(trained[f"asr_{pre}_{lang}_s{seed}"]) == mid
    for name, command in trained.items():
        assert start(command) in ("", *names[: names.index(name)])
    (table,) = [line for line in found if "bin.effects " in line]
    tested = re.findall(r"exp/(\w+)/decode/scores.json", table)
    assert sorted(tested) == sorted(name for name in names if name.startswith("asr"))
    assert "--of pre-training mid-training --system none none none/exp/asr_none_s1" in table


@pytest.mark.parametrize("name", ["pre_mae_s4", "mid_clr_it_s4", "asr_both_s4"])
def test_configurations_take_what_they_are_told(found: list[str], name: str) -> None:
    config = check_config(trainings(found)[name], RECIPE)
    assert config.seed == 4
    if name == "pre_mae_s4":
        assert config.model_conf["losses"] == "mae"


def tiny(name: str) -> dict[str, Any]:
    """A configuration of the recipe, smaller still."""
    config: dict[str, Any] = yaml.safe_load((CONF / f"train_{name}.yaml").read_text("utf-8"))
    config |= SHORT
    model = config["model_conf"]
    model |= {"feature_size": 16}
    model["encoder_conf"] |= {"output_size": 16, "linear_units": 16, "num_blocks": 1}
    model["audio_frontend_conf"] |= {"channels": 8, "num_mels": 20}
    if name == "av_mae":
        model |= {"film_encoder": SMALL, "decoder": SMALL}
        model["film"] |= {"num_frames": 4, "size": 32}
        config["dataset"] |= {"film_frames": 4, "film_size": 32}
    elif name == "st":
        model["decoder_conf"] |= {"linear_units": 16, "num_blocks": 1}
    return config


def write_configs(folder: Path) -> None:
    listed = yaml.safe_load((CONF / "experiments_multistage.yaml").read_text("utf-8"))
    listed["experiments"] = {
        name: entry | {"config": str(folder / Path(entry["config"]).name)}
        for name, entry in listed["experiments"].items()
        if name in KEPT
    }
    (effects,) = listed["effects"].values()
    cells = {"none": {"none": "asr_none"},
             "MAE+CLR": {"none": "asr_both", "en-de": "asr_both_de"}}  # fmt: skip
    listed["effects"] = {str(folder / "table.md"): effects | {"cells": cells}}
    configs = {"corpus": CORPUS, "experiments": listed}
    configs |= {f"train_{name}": tiny(name) for name in ("av_mae", "st", "ctc")}
    configs["dump"] = yaml.safe_load((CONF / "dump_film.yaml").read_text("utf-8"))
    configs["dump"] |= {"film_side": 40}
    for name, config in configs.items():
        (folder / f"{name}.yaml").write_text(
            yaml.safe_dump(config, sort_keys=False), encoding="utf-8"
        )


def run(folder: Path) -> str:
    options = places(folder)
    corpus = f"--corpus_config {folder}/corpus.yaml --corpusdir {folder}/corpus --nj 1"
    options |= {"experiments": f"{folder}/experiments.yaml", "dump_config": f"{folder}/dump.yaml"}
    options |= {"local_data_opts": f"--frames full {corpus}", "nj": "1", "jobs": "1"}
    return run_script(RECIPE / "run_multistage.sh", options)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_from_nothing_to_the_table(tmp_path: Path) -> None:
    write_configs(tmp_path)
    run(tmp_path)
    exp = tmp_path / "exp"
    log = (exp / "pre_both_s1/train.log").read_text(encoding="utf-8")
    told = re.findall(r"step 2/2: (.*)", log)[0]
    for name in ("speech_of_mean", "film_of_mean", "clr_of_chance", "masked_film"):
        assert float(re.findall(rf"{name}=([\d.]+)", told)[0]) > 0
    # Front end and encoder go on, the decoder of translation stays behind.
    for name, before in (("mid_both_de", "pre_both"), ("asr_both_de", "mid_both_de")):
        log = (exp / f"{name}_s1/train.log").read_text(encoding="utf-8")
        loaded = log.partition(f"init_param {exp}/{before}_s1: ")[2].splitlines()
        assert loaded and not re.search(r"missing:.*(encoder|frontend)", "\n".join(loaded[:3]))
    page = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "|pre-training|parameters|none|en-de|" in page
    assert "- **mid-training**, on average over MAE+CLR: " in page
    assert "up to date: " in run(tmp_path)
