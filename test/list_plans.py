"""The lists of experiments of recipes, as their scripts call for them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.train.config import TrainConfig


def commands(script: Path, *options: str) -> list[str]:
    """Every command that a script would run on an empty disk."""
    folders = [
        word for name in ("data", "dump", "exp") for word in (f"--{name}dir", f"none/{name}")
    ]
    result = subprocess.run(
        [script, *folders, *options, "--dry_run"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "cmd_backend": "local"},
    )
    return [line.strip() for line in result.stdout.splitlines() if line.startswith("    ")]


def trainings(found: list[str]) -> dict[str, str]:
    """Name of an experiment -> its command, in order."""
    return {line.split("/")[-1]: line for line in found if "bin.train " in line}


def start(command: str) -> str:
    """Experiment that a training starts from."""
    told = re.search(r"init_param=\[none/exp/(\S+)\]", command)
    return told[1] if told else ""


def overrides(command: str) -> list[str]:
    """What a training is told, without its start."""
    found = re.findall(r"--override (\S+)", command)
    return [told for told in found if not told.startswith("init_param=")]


def check_config(command: str, recipe: Path) -> TrainConfig:
    """Read the configuration of a training with what it is told; its model's as well."""
    path = re.search(r"--config (\S+)", command)
    assert path
    config = load_config(TrainConfig, recipe / path[1], overrides(command))
    build(MODELS[config.model][0], config.model_conf, path[1])
    return config
