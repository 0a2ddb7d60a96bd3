"""Visually grounded speech on a few scenes: every stage of the recipe, to ABX and retrieval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from av_recipe import places, run_script

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mini_coco/vgs1"
CORPUS = {
    "scenes": {"train": 4, "valid": 2, "test": 3},
    "sentences": {"train": 4, "valid": 2, "test": 24},
    "train_voices": ["m1", "f1"],
    "test_voices": ["m6", "steph"],
    "picture_size": 64,
    "feature_size": 32,
}
SHORT = {
    "max_steps": 2,
    "valid_interval_steps": 2,
    "save_interval_steps": 2,
    "num_workers": 0,
    "scheduler_conf": {},
    "scheduler": "constant",
}
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "hubert_bi": {"valid": "speech_valid_en", "tests": []},
    "vgs_bi": {
        "sets": ["caption_train_en"],
        "valid": "caption_valid_en",
        "tests": ["abx", "retrieval"],
    },
}
SETS = {"abx": ["speech_test_en"], "retrieval": ["caption_test_en"]}


def read(name: str) -> Any:
    return yaml.safe_load((RECIPE / name).read_text(encoding="utf-8"))


def tiny(name: str) -> dict[str, Any]:
    """A configuration of the recipe, smaller still."""
    config: dict[str, Any] = read(f"conf/train_{name}.yaml") | SHORT
    model = config["model_conf"]
    model |= {"feature_size": 32, "projection_size": 16}
    model["encoder_conf"] |= {"num_layers": 2, "attention_heads": 2, "linear_units": 32}
    model["audio_frontend_conf"]["channels"] = 8
    if name == "vgs":
        model |= {"grounding_layer": 1, "vector_size": 16}
        model["resdavenet"] = {"stem": 8, "widths": [8, 8, 16, 32], "kernel": 3}
        model["image"] |= {"feature_size": CORPUS["feature_size"], "num_layers": 1}
        model["bert"] |= {"attention_heads": 2, "linear_units": 32}
    return config


def listed(folder: Path) -> dict[str, Any]:
    """Two experiments of the recipe's list, with the small configurations."""
    found = read("conf/experiments.yaml")
    experiments = {name: found["experiments"][name] | e for name, e in EXPERIMENTS.items()}
    for entry in experiments.values():
        for key in ("config", "units_config"):
            if key in entry:
                entry[key] = str(folder / Path(entry[key]).name)
    found["tests"] = {name: found["tests"][name] | {"sets": sets} for name, sets in SETS.items()}
    # Two voices say too little for triphones between the same neighbours.
    found["tests"]["abx"] |= {
        "args": "--kind frames --layers 1 2",
        "expected": str(folder / "expected_abx.yaml"),
    }
    found.pop("gaps")
    return found | {"experiments": experiments}


def write_configs(folder: Path) -> None:
    units = read("conf/units_mfcc.yaml") | {"num_units": 8, "kmeans": {"n_init": 1, "max_iter": 2}}
    configs = {"corpus": CORPUS, "units_mfcc": units, "experiments": listed(folder)}
    configs["expected_abx"] = {"scoring": {"metric": "abx", "abx": {"context": "any"}}}
    configs |= {f"train_{name}": tiny(name) for name in ("hubert", "vgs")}
    for name, config in configs.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def run(folder: Path, *words: str) -> str:
    options = places(folder)
    corpus = f"--corpus_config {folder}/corpus.yaml --corpusdir {folder}/corpus --nj 1"
    options |= {"experiments": f"{folder}/experiments.yaml", "local_data_opts": corpus}
    options |= {"nj": "1", "decode_nj": "1", "num_processes": "1"}
    return run_script(RECIPE / "run.sh", options, *words)


@pytest.mark.slow
def test_from_nothing_to_scores(tmp_path: Path) -> None:
    pytest.importorskip("faker", reason="the corpus draws its sentences from Faker's word lists")
    write_configs(tmp_path)
    run(tmp_path)
    exp = tmp_path / "exp"
    units = tmp_path / "dump/units"
    # Grounding goes on with the centres and the weights of the model before.
    assert (units / "vgs_bi/codebook/centres.npy").read_bytes() == (
        units / "hubert_bi/codebook/centres.npy"
    ).read_bytes()
    log = (exp / "vgs_bi_s1/logdir/train.log").read_text(encoding="utf-8")
    loaded = log.partition(f"init_param {exp}/hubert_bi_s1: ")[2]
    assert "missing: audio_class, speech_head." in loaded.splitlines()[1]
    abx = json.loads((exp / "vgs_bi_s1/abx/scores.json").read_text(encoding="utf-8"))
    assert {c["axes"]["layer"] for c in abx["conditions"]} >= {"layer1", "layer2"}
    retrieval = json.loads((exp / "vgs_bi_s1/retrieval/scores.json").read_text(encoding="utf-8"))
    assert [c["axes"]["direction"] for c in retrieval["conditions"]] == [
        "speech to image",
        "image to speech",
    ]
    again = run(tmp_path)
    assert "run.pl" not in again
    assert again.count("up to date: ") > 15
