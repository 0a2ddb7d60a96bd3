"""SUPERB in small on a few sentences: every stage of the recipe, to the table of frozen models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from av_recipe import places, run_script

from espnet_av.config import load_config
from espnet_av.models import MODELS
from espnet_av.recipe.experiment_list import load_experiments
from espnet_av.train.config import TrainConfig

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mini_av/superb1"
TASKS = ("ks", "ic", "pr", "sd")
CORPUS = {
    "num_train": 8, "num_valid": 4, "num_test": 4, "num_test_unseen": 0, "speakers": ["m1", "f1"],
}  # fmt: skip
SHORT = {"max_steps": 2, "valid_interval_steps": 1, "save_interval_steps": 2}


def read(name: str) -> Any:
    return yaml.safe_load((RECIPE / name).read_text(encoding="utf-8"))


def tiny(folder: Path) -> dict[str, Any]:
    """The recipe's list, on one tiny model, with one sweep."""
    found = read("conf/experiments.yaml")
    below = read("../avsr1/conf/train_wav2vec2.yaml")
    model = below["model_conf"]
    model |= {"feature_size": 32, "projection_size": 16}
    model["encoder_conf"] |= {"num_layers": 2, "attention_heads": 2, "linear_units": 32}
    model["audio_frontend_conf"]["channels"] = 8
    (folder / "below.yaml").write_text(yaml.safe_dump(below), encoding="utf-8")
    experiments = {"random": {**found["experiments"]["random"], "config": f"{folder}/below.yaml"}}
    for task in TASKS:
        config = read(f"conf/train_{task}.yaml") | SHORT
        (folder / f"{task}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        entry = found["experiments"][f"{task}_random"] | {"config": f"{folder}/{task}.yaml"}
        experiments[f"{task}_random"] = entry | ({} if task == "ks" else {"sweep": {}})
    (probes,) = found["probes"].values()
    probes |= {"models": {"random": "untrained"}, "changes": {"none": ["random", "random"]}}
    return found | {"experiments": experiments, "probes": {f"{folder}/superb.md": probes}}


def run(folder: Path, *words: str) -> str:
    options = places(folder)
    corpus = f"--corpus_config {folder}/corpus.yaml --corpusdir {folder}/corpus --nj 1"
    options |= {"experiments": f"{folder}/list.yaml", "local_data_opts": corpus}
    options |= {"nj": "1", "jobs": "1"}
    return run_script(RECIPE / "run.sh", options, *words)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_from_nothing_to_the_table(tmp_path: Path) -> None:
    (tmp_path / "corpus.yaml").write_text(yaml.safe_dump(CORPUS), encoding="utf-8")
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(tiny(tmp_path)), encoding="utf-8")
    run(tmp_path)
    exp = tmp_path / "exp"
    chosen = (exp / "ks_random/choice.tsv").read_text(encoding="utf-8").splitlines()
    assert len(chosen) == 4 and sum(line.endswith("\tyes") for line in chosen) == 1
    for task in TASKS:
        scores = json.loads((exp / f"{task}_random/decode/scores.json").read_text("utf-8"))
        (record,) = scores["conditions"]
        assert record[scores["scoring"]["metric"]]["num_utts"] == 4
        log = next(exp.glob(f"{task}_random*/logdir/train.log")).read_text("utf-8")
        assert "init_param " in log and "::upstream" in log
    page = (tmp_path / "superb.md").read_text(encoding="utf-8")
    assert "KS: Accuracy %" in page and "SD: " in page and (tmp_path / "superb.png").is_file()
    again = run(tmp_path)
    assert "run.pl" not in again and again.count("up to date: ") > 20


def test_every_model_has_every_task() -> None:
    found = load_experiments(RECIPE / "conf/experiments.yaml")
    (probes,) = found.probes.values()
    cells = probes.cells(found.experiments)
    assert len(probes.models) == 13 and len(cells) == 4 * 13
    for (_, title), name in cells.items():
        entry = found.experiments[name]
        task, _, end = name.partition("_")
        assert entry.states == "stored" and probes.models[end] == title
        assert Path(entry.config).name == f"train_{task}.yaml"
        assert [len(values) for values in entry.sweep.values()] == [3]
        first = found.experiments[f"{task}_random"]
        assert (entry.sets, entry.tests, entry.tokens) == (first.sets, first.tests, first.tokens)


@pytest.mark.parametrize("task", TASKS)
def test_heads_are_those_of_superb(task: str) -> None:
    config = load_config(TrainConfig, RECIPE / f"conf/train_{task}.yaml")
    big = load_config(TrainConfig, ROOT / f"egs2/superb/probe1/conf/train_{task}.yaml")
    assert config.model == big.model == f"superb_{task}" and config.model in MODELS
    for key in ("optim", "scheduler", "grad_clip", "best_model_criterion", "average"):
        assert getattr(config, key) == getattr(big, key), key
