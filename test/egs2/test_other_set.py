"""What is trained with one set of packages goes on, decodes and packs with the other.

`make other` runs this, where an environment of the other set is.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import yaml
from oracles.films import write_film
from oracles.tiny_run import TINY_CONFIG, TinyRun, make_tiny_run

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4
"""Other releases of torch round otherwise."""
NUM_STEPS = 8
OTHER = os.environ.get("OTHER_PYTHON")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not OTHER, reason="OTHER_PYTHON names no Python of the other set"),
]


def command(python: str, program: str, *arguments: object) -> list[str]:
    return [python, "-m", f"espnet_av.bin.{program}", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Each Python finds its own packages; this project they share."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run(python: str, program: str, *arguments: object) -> str:
    done = subprocess.run(
        command(python, program, *arguments),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@dataclass(frozen=True)
class Half:
    """An experiment that was stopped half trained by this set."""

    run: TinyRun
    exp: Path

    def finish(self, python: str, exp: Path) -> Path:
        """A copy of it, trained to the end."""
        shutil.copytree(self.exp, exp)
        run(python, "train", "--config", self.run.root / "half.yaml", *self.run.arguments, exp)
        return exp


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Half:
    root = tmp_path_factory.mktemp("half")
    tiny = make_tiny_run(root)
    # Without chance inside the model: what differs is then how torch rounds.
    still = dict.fromkeys(
        ("dropout_rate", "positional_dropout_rate", "attention_dropout_rate"), 0.0
    )
    model = {**TINY_CONFIG["model_conf"], "dropout_rate": 0.0}
    model["encoder_conf"] = {**TINY_CONFIG["model_conf"]["encoder_conf"], **still}
    steps = {"max_steps": NUM_STEPS, "valid_interval_steps": 4, "save_interval_steps": 2}
    config = tiny.config("half.yaml", model_conf=model, average=1, **steps)
    exp = root / "exp"
    started = subprocess.Popen(
        command(sys.executable, "train", "--config", config, *tiny.arguments, exp),
        env=environment(),
        stderr=subprocess.PIPE,
    )
    while not (exp / "last.ckpt").exists() and started.poll() is None:
        time.sleep(0.05)
    started.send_signal(signal.SIGTERM)
    _, told = started.communicate()
    assert (exp / "last.ckpt").exists(), told.decode()[-3000:]
    assert not (exp / ".done").exists(), "it has to be half trained"
    return Half(tiny, exp)


@pytest.fixture(scope="module")
def finished(half: Half, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The rest of the training by this set, and by the other."""
    root = tmp_path_factory.mktemp("finished")
    return half.finish(sys.executable, root / "here"), half.finish(str(OTHER), root / "there")


def averaged(exp: Path) -> dict[str, torch.Tensor]:
    (path,) = exp.glob("*.ave_1best.pth")
    return torch.load(path, weights_only=True)


def test_the_other_python_is_of_another_set() -> None:
    code = "from espnet_av.package_set import set_of; print(set_of().espnet)"
    sets = {
        subprocess.run(
            [python, "-c", code], env=environment(), capture_output=True, text=True, check=True
        ).stdout
        for python in (sys.executable, str(OTHER))
    }
    assert len(sets) == 2


def test_training_goes_on(half: Half, finished: tuple[Path, Path]) -> None:
    begun = torch.load(half.exp / "last.ckpt", weights_only=False)["state_dict"]
    here, there = map(averaged, finished)
    assert here.keys() == there.keys()
    for name, value in here.items():
        torch.testing.assert_close(there[name], value, rtol=0.0, atol=TOLERANCE, msg=name)
    moved = [
        (begun[f"model.{name}"] - value).abs().max()
        for name, value in here.items()
        if f"model.{name}" in begun and value.is_floating_point()
    ]
    assert max(moved) > 10 * TOLERANCE, "so that equal weights are no accident"


def test_it_decodes(half: Half, finished: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "decode.yaml").write_text("method: ctc_prefix\nbeam_size: 4\nnbest: 2\n")
    records = []
    for name, python in (("here", sys.executable), ("there", str(OTHER))):
        options = ["--config", tmp_path / "decode.yaml", "--exp_dir", finished[0]]
        options += ["--sets", half.run.root / "dump/valid", "--modes", "A", "V", "AV"]
        run(python, "decode", tmp_path / name, *options)
        found = sorted((tmp_path / name).glob("*/*/nbest.jsonl"))
        assert len(found) == 3
        records.append([json.loads(line) for path in found for line in path.open()])
    here, there = records
    assert len(here) == len(there) > 3
    for ours, theirs in zip(here, there, strict=True):
        assert ours["utt"] == theirs["utt"]
        texts, scores = ([[e[key] for e in one["nbest"]] for one in (ours, theirs)]
                         for key in ("text", "score"))  # fmt: skip
        assert texts[0] == texts[1]
        assert scores[1] == pytest.approx(scores[0], abs=TOLERANCE)


def test_it_packs(finished: tuple[Path, Path], tmp_path: Path) -> None:
    """Each set packs what it trained or the other did, and reads what the other packed."""
    for name, content in (
        ("roi", {"tracker": "fixed", "size": 20, "encoding": "jpeg"}),
        ("decode", {"method": "ctc_prefix", "beam_size": 4}),
    ):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    configs = [f"--{name}_config={tmp_path / name}.yaml" for name in ("roi", "decode")]
    write_film(tmp_path / "film.mp4", 23, 20)
    for exp, packer, reader in (
        (finished[0], str(OTHER), sys.executable),
        (finished[1], sys.executable, str(OTHER)),
    ):
        path = tmp_path / f"{exp.name}.zip"
        run(packer, "pack", "--exp_dir", exp, *configs, path)
        passages = []
        for python, model in ((reader, path), (packer, path)):
            told = run(python, "transcribe", "--model", model, "--format", "json",
                       "--roi_config", tmp_path / "roi.yaml", tmp_path / "film.mp4")  # fmt: skip
            (line,) = told.splitlines()
            passages.append(json.loads(line))
        assert_near(*passages)


def assert_near(found: object, expected: object) -> None:
    """The same, but for what numbers may differ by."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_near(found[key], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_near(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=TOLERANCE)
    else:
        assert found == expected
