"""Crossed systems of given error rates, as objects and as files of scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from espnet_av.score.effects.crossing import Crossing
from espnet_av.score.seeds.runs import System

PLACE = ("test", "A", "clean")


def crossing(rates: Mapping[tuple[str, str], dict[int, float]]) -> Crossing:
    """Row and column -> seed -> WER on one test."""
    systems = {
        key: System(
            ", ".join(key),
            "wer",
            rates={PLACE: found},
            origins={seed: f"{key}/{seed}" for seed in found},
            num_parameters=1_234_567,
        )
        for key, found in rates.items()
    }
    rows, columns = (tuple(dict.fromkeys(key[side] for key in rates)) for side in (0, 1))
    return Crossing(rows, columns, systems)


def scores_file(root: Path, name: str, seed: int, rate: float) -> Path:
    """The `scores.json` of an experiment that started from nothing."""
    exp = root / f"{name}_s{seed}"
    exp.mkdir()
    for file, content in (("config.yaml", {"init_param": [], "seed": seed}), ("inputs.yaml", {})):
        text = yaml.safe_dump(content | ({"data": {}} if file == "inputs.yaml" else {}))
        (exp / file).write_text(text)
    axes = {"set": "test", "mode": "A", "noise": "clean", "missing": None}
    record = {
        "axes": axes, "wer": {"rate": rate}, "train_seed": seed, "num_parameters": 1_234_567,
        "checkpoint": "average", "exp_dir": str(exp), "seed": 0, "refs": "f00",
    }  # fmt: skip
    content = {"conditions": [record], "scoring": {"metric": "wer"}, "decode_config": {}}
    (exp / "scores.json").write_text(json.dumps(content))
    return exp / "scores.json"
