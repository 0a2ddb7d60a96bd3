"""Heads of given figures, as objects and as files of scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from espnet_av.score.probes.panel import Panel
from espnet_av.score.seeds.runs import System

METRICS = {"KS": "accuracy", "IC": "accuracy", "PR": "per", "SD": "der"}


def panel(figures: Mapping[tuple[str, str], Sequence[float]]) -> Panel:
    """Model and task -> a figure for each seed."""
    systems = {
        (model, task): System(
            f"{model}, {task}",
            METRICS[task],
            rates={("test", "A", "clean"): dict(enumerate(values))},
            origins={seed: f"{model}/{task}/{seed}" for seed in range(len(values))},
        )
        for (model, task), values in figures.items()
    }
    models, tasks = (tuple(dict.fromkeys(key[side] for key in figures)) for side in (0, 1))
    return Panel(models, tasks, systems)


def scores_file(
    root: Path, name: str, metric: str, rate: float, sets: Sequence[str] = ("test",)
) -> Path:
    """The `scores.json` of a head that started from nothing."""
    exp = root / name
    exp.mkdir()
    (exp / "config.yaml").write_text(yaml.safe_dump({"init_param": [], "seed": 1}))
    (exp / "inputs.yaml").write_text(yaml.safe_dump({"data": {}}))
    records = [
        {
            "axes": {"set": part, "mode": "A", "noise": "clean", "missing": None},
            metric: {"rate": rate},
            "train_seed": 1,
            "num_parameters": 10,
            "seed": 0,
            "refs": "x",
            "checkpoint": "best.pth",
            "exp_dir": str(exp),
        }
        for part in sets
    ]
    content = {"scoring": {"metric": metric}, "decode_config": {}, "conditions": records}
    (exp / "scores.json").write_text(json.dumps(content))
    return exp / "scores.json"
