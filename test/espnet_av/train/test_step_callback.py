"""What is done at which step of a run, in which order, on a toy model."""

from __future__ import annotations

import math
import re

import pytest
import torch
from oracles.toy_training import ToyDataset, ToyModel

from espnet_av.train import step_callback
from espnet_av.train.config import OptimConfig, TrainConfig
from espnet_av.train.data_module import AVDataModule
from espnet_av.train.devices import Devices
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.runner import build_trainer
from espnet_av.train.signals import StopRequest
from espnet_av.train.step_callback import StepCallback
from espnet_av.train.step_sampler import Progress

CONFIG = TrainConfig(
    max_steps=7,
    batch_frames=100,
    max_utts=2,
    accum_grad=2,
    optim="adam",
    optim_conf=OptimConfig(lr=0.1),
    scheduler="constant",
    num_workers=0,
    log_interval_steps=2,
    valid_interval_steps=3,
    save_interval_steps=4,
)


class StopAt:
    """Somebody asks to stop during a step."""

    signal = None

    def __init__(self, step, progress):
        self._micro_step, self._progress = step * CONFIG.accum_grad, progress

    def __bool__(self):
        return self._progress.micro_step >= self._micro_step


def fit(exp_dir, stop_at=99):
    torch.manual_seed(0)
    progress = Progress()
    callback = StepCallback(CONFIG, exp_dir, StopAt(stop_at, progress))
    module = AVLightningModule(ToyModel(), CONFIG, progress)
    data = AVDataModule(ToyDataset(), ToyDataset(3), CONFIG, progress)
    build_trainer(CONFIG, exp_dir, Devices(), callback).fit(module, datamodule=data)
    return callback


@pytest.fixture
def events(monkeypatch):
    """(event, step) in order; nothing is drawn or saved."""
    seen = []

    def spy(name, replaced=False):
        original = getattr(StepCallback, name)

        def call(self, trainer, module, *rest):
            seen.append((name.strip("_"), self._step(module)))
            return None if replaced else original(self, trainer, module, *rest)

        monkeypatch.setattr(StepCallback, name, call)

    for name in ("_log", "_validate", "_leave"):
        spy(name)
    spy("_save", replaced=True)
    monkeypatch.setattr(StepCallback, "_draw", lambda self, is_last: None)
    return seen


def test_intervals_and_the_last_step(events, tmp_path):
    callback = fit(tmp_path)
    assert events == [
        ("log", 2),
        ("validate", 3),
        ("log", 4),
        ("save", 4),
        ("log", 6),
        ("validate", 6),
        ("log", 7),
        ("validate", 7),
        ("save", 7),
        ("leave", 7),
    ]
    assert not callback.stopped
    points = callback.history.points
    assert [step for step, _ in points["train"]["loss"]] == [2, 4, 6, 7]
    assert [step for step, _ in points["valid"]["loss"]] == [3, 6, 7]
    assert {path.name for path in tmp_path.glob("*step.pth")} == {f"{n}step.pth" for n in (3, 6, 7)}


def test_a_stop_saves_that_step_and_skips_its_validation(events, tmp_path):
    callback = fit(tmp_path, stop_at=3)
    assert events == [("log", 2), ("save", 3), ("leave", 3)]
    assert callback.stopped


def test_state_survives(events, tmp_path):
    callback = fit(tmp_path)
    again = StepCallback(CONFIG, tmp_path, StopRequest())
    again.load_state_dict(callback.state_dict())
    assert again.state_dict() == callback.state_dict()
    assert again.best.ranking("valid", "loss", "min") == callback.best.ranking(
        "valid", "loss", "min"
    )


def test_the_line_of_a_step(events, tmp_path, caplog):
    with caplog.at_level("INFO"):
        fit(tmp_path)
    lines = [line for line in caplog.messages if re.match(r"step \d+/7: ", line)]
    assert [line.split("/")[0] for line in lines] == ["step 2", "step 4", "step 6", "step 7"]
    assert re.match(r"step 2/7: loss=\S+ grad_norm=\S+ lr=0\.1 speech=", lines[0]), lines[0]
    assert "skipped=0 epoch=3 ETA=0:00:00" in lines[-1]


def test_figures_that_do_not_apply_are_left_out_and_the_loss_is_first():
    values = {"acc": 0.123456, "loss": 2.0, "wer": math.nan, "a": math.inf}
    assert step_callback._format(values) == "loss=2 a=inf acc=0.1235"


def test_curves_are_drawn_once_a_minute_and_at_the_end(monkeypatch, tmp_path):
    now, drawn = [1000.0], []
    monkeypatch.setattr(step_callback.time, "monotonic", lambda: now[0])
    callback = StepCallback(CONFIG, tmp_path, StopRequest())
    monkeypatch.setattr(callback.history, "draw", lambda folder: drawn.append(now[0]))
    for at, is_last in ((1000.0, False), (1059.0, False), (1061.0, False), (1062.0, True)):
        now[0] = at
        callback._draw(is_last)
    assert drawn == [1000.0, 1061.0, 1062.0]
