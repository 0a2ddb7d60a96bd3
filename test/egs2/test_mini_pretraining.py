"""Pre-training on a few clips: sound, units, sound and lips in two rounds, fine-tuning, scores."""

from __future__ import annotations

import json
import os
import subprocess
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
UNITS = {"num_units": 8, "sample_share": 1.0, "kmeans": {"n_init": 1, "max_iter": 2}}
SHORT = {
    "max_steps": 2,
    "valid_interval_steps": 2,
    "save_interval_steps": 2,
    "num_workers": 0,
    "scheduler_conf": {},
    "scheduler": "constant",
}


def tiny(name: str) -> dict:
    """A configuration of the recipe, smaller still."""
    config = yaml.safe_load((RECIPE / f"conf/train_{name}.yaml").read_text(encoding="utf-8"))
    config |= SHORT
    model = config["model_conf"]
    model["feature_size"] = 32
    model["encoder_conf"] |= {"num_layers": 2, "attention_heads": 2, "linear_units": 32}
    if "audio_frontend_conf" in model:
        model["audio_frontend_conf"]["channels"] = 8
    if "visual_frontend_conf" in model:
        model["visual_frontend_conf"]["width"] = 4
    if config["model"] == "avsr":
        model["freeze_encoder_steps"] = 1
        config["dataset"]["num_utts"] = 4
    return config


@pytest.mark.slow
def test_from_sound_alone_to_scores(tmp_path: Path) -> None:
    names = ("wav2vec2", "xlavsr", "avsr_wave")
    configs = {f"train_{name}": tiny(name) for name in names}
    configs |= {"corpus": {**CORPUS, "speakers": ["m1", "f1"]}, "noise": NOISE}
    for name in ("wav2vec2", "avhubert"):
        units = yaml.safe_load((RECIPE / f"conf/units_{name}.yaml").read_text(encoding="utf-8"))
        configs[f"units_{name}"] = {**units, **UNITS, "layer": 2}
    for name, config in configs.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    options = {
        "datadir": "data",
        "dumpdir": "dump",
        "expdir": "exp",
        "noise_config": "noise.yaml",
        "ssl_config": "train_wav2vec2.yaml",
        "avssl_config": "train_xlavsr.yaml",
        "train_config": "train_avsr_wave.yaml",
    }
    words = [w for name, value in options.items() for w in (f"--{name}", str(tmp_path / value))]
    words += ["--units_config", f"{tmp_path}/units_wav2vec2.yaml {tmp_path}/units_avhubert.yaml"]
    corpus = f"--corpus_config {tmp_path}/corpus.yaml --corpusdir {tmp_path}/corpus"
    words += ["--local_data_opts", corpus, "--ssl_sets", "train_clips train_sound"]
    words += ["--train_set", "train_clips", "--nj", "1", "--decode_nj", "1"]
    words += ["--rounds", "2", "--num_processes", "1", "--stop_stage", "11"]
    result = subprocess.run(
        [RECIPE / "run_xlavsr.sh", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stdout
    exp = tmp_path / "exp"
    final = exp / "avsr_wave_char_from_xlavsr_r2"
    logs = {
        path.parent.parent.name: path.read_text(encoding="utf-8")
        for path in exp.glob("*/logdir/train.log")
    }
    assert set(logs) == {"wav2vec2", "xlavsr_r1", "xlavsr_r2", final.name}
    # Four clips, and four of which only the sound is left.
    assert "8 training utterances" in logs["xlavsr_r1"]
    assert "4 training utterances" in logs[final.name]
    for name in ("xlavsr_r1", "xlavsr_r2"):
        loaded = logs[name].partition(f"init_param {exp}/wav2vec2: ")[2].splitlines()
        assert "missing: frontend.visual." in loaded[1]
        assert "quantizer" in loaded[2]
        folder = tmp_path / "dump/units" / name
        assert yaml.safe_load((folder / "units.yaml").read_text())["num_units"] == 8
    assert yaml.safe_load((exp / "xlavsr_r2/units.yaml").read_text())["source"]["experiment"] == (
        "xlavsr_r1"
    )
    scores = json.loads((final / "decode/scores.json").read_text(encoding="utf-8"))
    assert {(item["mode"], item["noise"]) for item in scores["conditions"]} >= {
        ("A", "clean"),
        ("V", "clean"),
        ("AV", "babble:0"),
    }
