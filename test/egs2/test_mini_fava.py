"""FAVA on a few clips: BEST-RQ, sound alone, then sound and lips; decoded with missing video."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mini_av/avsr1"
CORPUS = {"langs": ["en"], "num_train": 8, "num_valid": 2, "num_test": 2, "num_test_unseen": 0}
NOISE = {
    "num_babble": {"train": 2, "valid": 1, "test": 2},
    "num_voices": 1,
    "babble_duration": "2s",
}
SHORT = {"max_steps": 2, "valid_interval_steps": 2, "save_interval_steps": 2}


def tiny(name: str) -> dict:
    """A configuration of the recipe, smaller still."""
    config = yaml.safe_load((RECIPE / f"conf/train_{name}.yaml").read_text(encoding="utf-8"))
    config |= SHORT
    model = config["model_conf"]
    model["feature_size"] = 32
    model["audio_frontend_conf"]["channels"] = 4
    model["encoder_conf"] |= {"output_size": 32, "num_blocks": 1, "linear_units": 32}
    if config["model"] == "transducer":
        model |= {"joint_size": 16, "predictor_conf": {"size": 16}}
        model["visual_frontend_conf"]["width"] = 4
    return config


def run_fava(work: Path, only: str, *more: str) -> None:
    """Run the recipe in `work`."""
    options = {
        "experiments": work / "fava.yaml",
        "only": only,
        "datadir": work / "data",
        "dumpdir": work / "dump",
        "expdir": work / "exp",
        "local_data_opts": f"--corpus_config {work}/corpus.yaml --corpusdir {work}/corpus",
        "noise_config": work / "noise.yaml",
        "missing_video": "whole:0.5 start:0.5",
        "nj": 1,
        "jobs": 1,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    result = subprocess.run(
        [RECIPE / "run_fava.sh", *words, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "VIRTUAL_ENV": sys.prefix},
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_both_starts(tmp_path: Path) -> None:
    configs = {f"train_{name}": tiny(name) for name in ("fava", "bestrq")}
    configs |= {"corpus": {**CORPUS, "speakers": ["m1", "f1"]}, "noise": NOISE}
    for name, config in configs.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    listed = (RECIPE / "conf/experiments_fava.yaml").read_text(encoding="utf-8")
    listed = listed.replace("conf/train_", f"{tmp_path}/train_")
    (tmp_path / "fava.yaml").write_text(listed, encoding="utf-8")
    run_fava(tmp_path, "fava_convert_s1")
    run_fava(tmp_path, "fava_bestrq_s2", "--stop_stage", "finetune")
    exp = tmp_path / "exp"
    names = ("bestrq", "fava_audio_s1", "fava_bestrq_s2", "fava_convert_s1")
    assert sorted(path.name for path in exp.iterdir()) == list(names)
    logs = {name: (exp / name / "train.log").read_text(encoding="utf-8") for name in names}
    heard = logs["fava_convert_s1"].partition("init_param")[2].splitlines()[:2]
    assert "fava_audio_s1: " in heard[0] and ", 0 unexpected, 0 of another shape" in heard[0]
    assert heard[1].startswith("  missing: frontend.visual.")
    started = logs["fava_bestrq_s2"].partition("init_param")[2].splitlines()[:3]
    assert "bestrq: " in started[0] and ", 0 of another shape" in started[0]
    assert started[1].startswith("  missing: frontend.visual.")
    assert started[2].startswith("  unexpected: ") and "codes_head.weight" in started[2]
    tested = {}
    for name in ("fava_audio_s1", "fava_convert_s1"):
        path = exp / name / "decode_transducer/scores.json"
        scores = json.loads(path.read_text(encoding="utf-8"))
        tested[name] = {record["mode"] for record in scores["conditions"]}
        lost = {record["missing_video"] for record in scores["missing_video"]}
        assert lost == (set() if name == "fava_audio_s1" else {"whole:0.5", "start:0.5"})
    assert tested == {"fava_audio_s1": {"A"}, "fava_convert_s1": {"A", "AV"}}
