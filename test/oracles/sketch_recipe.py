"""A recipe of its own with real programs: data dirs of tones, and a package of a user's models."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import soundfile
import yaml
from oracles.own_package import write_package

from espnet_av.data.data_dir import write_data_dir

ROOT = Path(__file__).resolve().parents[2]
SETS = {"train": 32, "test": 16}
NUM_BANDS = 16
TRAIN = {
    "batch_frames": 400,
    "max_steps": 60,
    "valid_interval_steps": 60,
    "save_interval_steps": 60,
    "optim_conf": {"lr": 0.05},
    "scheduler": "constant",
    "best_model_criterion": [["valid", "loss", "min"]],
    "keep_nbest_models": 1,
    "average": 1,
    "num_workers": 0,
    "num_threads": 1,
}


def band_of(number: int) -> int:
    """Where the tone of an utterance lies: each band comes twice in every 32."""
    return number * 5 % NUM_BANDS


class SketchRecipe:
    """One training and its test in a folder as `egs2/sketch/avsr1`.

    Args:
        root: empty folder.
        points: entry points of the user's package, see `write_package`.
        expected: content of `expected_scores.yaml`.
        code: of the package's modules; the sketches of this folder need none.
        train: keys of the training YAML beside those of `TRAIN`.
    """

    def __init__(
        self,
        root: Path,
        points: Mapping[str, Mapping[str, str]],
        expected: Mapping[str, Any],
        train: Mapping[str, Any],
        code: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        project = root / "project"
        shutil.copytree(ROOT / "egs2/TEMPLATE", project / "egs2/TEMPLATE")
        (project / "utils").symlink_to(ROOT / "utils")
        self.folder = project / "egs2/sketch/avsr1"
        setup = project / "egs2/TEMPLATE/av1/setup.sh"
        subprocess.run([setup, self.folder], check=True, capture_output=True)
        (self.folder / "local/data.sh").write_text("# The data dirs are there.\n")
        self.packages = write_package(root / "packages", "own", points, code)
        tests = {"plain": {"sets": ["test"], "modes": ["A"], "noises": ["clean"]}}
        entry = {"config": "conf/train.yaml", "kind": "ssl", "tests": ["plain"]}
        self.write("conf/experiments.yaml", {"experiments": {"sketch": entry}, "tests": tests})
        self.write("conf/train.yaml", {**TRAIN, **train})
        self.write("conf/dump.yaml", {})
        self.write("conf/decode.yaml", {"method": "ctc_greedy"})
        self.write("expected_scores.yaml", expected)

    def write(self, name: str, content: Any) -> None:
        """Write a YAML file of the recipe."""
        (self.folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")

    def write_data(self, more: Callable[[str, int, int], Mapping[str, str]]) -> None:
        """Write the data dirs: a tone in each utterance.

        Args:
            more: what further tables say of an utterance, by its name, number and band.
        """
        sounds = self.folder / "sounds"
        sounds.mkdir()
        for seed, (name, number) in enumerate(SETS.items()):
            tables: dict[str, dict[str, str]] = {"wav.scp": {}, "utt2spk": {}}
            generator = np.random.default_rng(seed)
            for index in range(number):
                utt_id, band = f"{name}-{index:02d}", band_of(index)
                seconds = np.arange(640 * int(generator.integers(8, 14))) / 16000
                wave = np.sin(2 * np.pi * (band + 0.5) * 500 * seconds)
                wave = 0.3 * wave + generator.normal(0, 0.02, len(wave))
                soundfile.write(sounds / f"{utt_id}.wav", wave, 16000, subtype="PCM_16")
                tables["wav.scp"][utt_id] = str(sounds / f"{utt_id}.wav")
                tables["utt2spk"][utt_id] = name
                for table, value in more(utt_id, index, band).items():
                    tables.setdefault(table, {})[utt_id] = value
            write_data_dir(self.folder / "data" / name, tables)

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run av.sh from the dump to the end; returns its status and what it printed."""
        paths = map(str, (self.packages, ROOT, ROOT / "test"))
        options = {
            "experiments": "conf/experiments.yaml",
            "only": "sketch",
            "valid_set": "test",
            "noise_config": "none",
            "stage": "dump",
            "nj": "1",
            "decode_nj": "1",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        result = subprocess.run(
            ["bash", "./av.sh", *words, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": ":".join(paths)},
        )
        return result.returncode, result.stdout

    @property
    def scores(self) -> dict[str, Any]:
        """What was scored."""
        path = self.folder / "exp/sketch/decode/scores.json"
        return json.loads(path.read_text(encoding="utf-8"))
