"""The MuAViC recipe on a cluster: arrays, training on two nodes, and a node that dies."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from corpora_fixtures.muavic import build_muavic
from slurm_cluster import SlurmCluster

from espnet_av.status.report import report

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/muavic/avsr1"
TRAIN_ARGS = "max_steps=40 valid_interval_steps=20 save_interval_steps=4 log_interval_steps=4"

# Holds a training process after step 8 of its first start, so that there is time to kill its node.
HOLD = """
import os, sys, time
first = "SLURM_PROCID" in os.environ and os.environ.get("SLURM_RESTART_COUNT", "0") == "0"
if first and "espnet_av.bin.train" in sys.orig_argv:
    from espnet_av.train.lightning_module import AVLightningModule
    step = AVLightningModule.training_step
    def training_step(self, batch, batch_idx):
        time.sleep(600 if batch.key.micro_step >= 9 else 0)
        return step(self, batch, batch_idx)
    AVLightningModule.training_step = training_step
"""
_PATIENCE_SEC = 1500.0  # a minute on an idle machine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * _PATIENCE_SEC)]


class Recipe:
    """The recipe with a small corpus, in a folder of its own."""

    def __init__(self, slurm: SlurmCluster, folder: Path) -> None:
        self.slurm, self.folder = slurm, folder
        build_muavic(folder / "corpus", ["en"])

    def start(self, exp: str, *arguments: str) -> subprocess.Popen[str]:
        """Start `run.sh` with results in `exp`."""
        overrides = " ".join(f"--override {word}" for word in TRAIN_ARGS.split())
        options = {
            "conf": "conf/tiny", "datadir": self.folder / "data", "dumpdir": self.folder / "dump",
            "expdir": self.folder / exp, "tag": "two_nodes", "num_nodes": "2", "token_type": "char",
            "train_args": overrides, "stop_stage": "11",
        }  # fmt: skip
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        own = {"cmd_backend": "slurm", "languages": "en", "OMP_NUM_THREADS": "1", "FLEURS": ""}
        own |= {"MUAVIC": str(self.folder / "corpus"), "PYTHONPATH": str(self.folder / exp)}
        own |= {"PATH": f"{Path(sys.executable).parent}:{self.slurm.env['PATH']}"}
        return subprocess.Popen(
            [RECIPE / "run.sh", *words, *arguments],
            stdout=(self.folder / f"{exp}.printed").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            env={**self.slurm.env, **own},
        )

    def finish(self, process: subprocess.Popen[str], exp: str) -> str:
        """Wait for the end; returns what was printed."""
        try:
            code = process.wait(timeout=_PATIENCE_SEC)
        except subprocess.TimeoutExpired:
            process.terminate()
            raise
        printed = (self.folder / f"{exp}.printed").read_text(encoding="utf-8")
        assert code == 0, printed
        return printed

    def read(self, name: str) -> str:
        """Text of a file; empty while there is none."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


def test_recipe_on_a_cluster(
    slurm: SlurmCluster,
    tmp_path: Path,
    wait_until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One test, so that parallel test processes do not each run the recipe."""
    monkeypatch.setenv("SLURM_CONF", slurm.env["SLURM_CONF"])  # for the reports
    recipe = Recipe(slurm, tmp_path)
    recipe.finish(recipe.start("exp"), "exp")
    check_all_stages_were_slurm_jobs(recipe)
    check_lost_node_changes_nothing(recipe, wait_until)


def check_all_stages_were_slurm_jobs(recipe: Recipe) -> None:
    logs = [*recipe.folder.glob("**/logdir/*.log")]
    texts = {path.relative_to(recipe.folder): path.read_text("utf-8") for path in logs}
    assert all(re.search(r"# Finished at .* with status 0$", text) for text in texts.values())
    jobs = {str(path): re.findall(r"^# Running on (\S+), job \d+(_\d)?", texts[path], re.M)
            for path in texts}  # fmt: skip
    assert [element for _, element in jobs["dump/roi/train/logdir/roi.2.log"]] == ["_2"]
    assert [element for _, element in jobs["dump/train/logdir/dump.1.log"]] == ["_1"]
    assert jobs["exp/two_nodes/logdir/train.log"] == [("node[1-2]", "")]
    decoded = {jobs[f"exp/two_nodes/decode/logdir/decode.{number}.log"][0] for number in (1, 2)}
    assert {element for _, element in decoded} == {"_1", "_2"}
    assert "num_processes: 2" in recipe.read("exp/two_nodes/inputs.yaml")
    found = report(recipe.folder / "exp/two_nodes", time.time())
    assert found.exit_code == 0
    assert "step 40 of 40 (100%)" in found.text


def check_lost_node_changes_nothing(recipe: Recipe, wait_until: Callable[..., None]) -> None:
    exp = recipe.folder / "again/two_nodes"
    exp.parent.mkdir()
    (exp.parent / "sitecustomize.py").write_text(HOLD, encoding="utf-8")
    process = recipe.start("again", "--stage", "9")
    wait_until(lambda: "step 8: saved" in recipe.read("again/two_nodes/train.log"), 500)
    recipe.slurm.kill_node("node2")
    recipe.slurm.revive_node("node2")
    wait_until(lambda: "start 1" in recipe.read("again/two_nodes/logdir/train.log"), 500)
    found = report(exp, time.time())
    assert found.exit_code == 3
    assert re.search(r"train: running.*RUNNING on node\[1-2\]", found.text, re.DOTALL), found.text
    recipe.finish(process, "again")
    log = recipe.read("again/two_nodes/logdir/train.log")
    assert "going on at step 8 of 40" in log
    first = recipe.folder / "exp/two_nodes"
    ours, theirs = (torch.load(path / "40step.pth", weights_only=True) for path in (exp, first))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert scores_of(exp) == scores_of(first)
    assert "started 2 times" in report(exp, time.time()).text


def scores_of(exp: Path) -> list[dict[str, object]]:
    """Conditions with their scores, without the time that they took and the place."""
    conditions = json.loads((exp / "decode/scores.json").read_text("utf-8"))["conditions"]
    return [{k: v for k, v in c.items() if k not in ("decode_sec", "exp_dir")} for c in conditions]
