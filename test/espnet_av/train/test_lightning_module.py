from __future__ import annotations

import dataclasses
import json
import logging
import re

import pytest
import torch
from oracles.toy_training import ToyDataset, ToyModel

from espnet_av.errors import TrainingError
from espnet_av.train.config import OptimConfig, TrainConfig
from espnet_av.train.data_module import AVDataModule
from espnet_av.train.devices import Devices
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.runner import build_trainer
from espnet_av.train.signals import StopRequest
from espnet_av.train.step_callback import StepCallback
from espnet_av.train.step_sampler import Progress

CONFIG = TrainConfig(
    max_steps=3,
    batch_frames=100,
    max_utts=8,
    optim="adam",
    optim_conf=OptimConfig(lr=0.1),
    scheduler="constant",
    grad_clip=1.0,
    num_workers=0,
    valid_interval_steps=2,
    save_interval_steps=100,
    log_interval_steps=1,
)


def fit(config, tmp_path, model=None, dataset=None):
    torch.manual_seed(0)
    progress = Progress()
    module = AVLightningModule(model or ToyModel(), config, progress)
    data = AVDataModule(dataset or ToyDataset(), ToyDataset(3), config, progress)
    callback = StepCallback(config, tmp_path, StopRequest())
    trainer = build_trainer(config, tmp_path, Devices(), callback)
    trainer.fit(module, datamodule=data)
    return module, callback


def test_accumulated_micro_batches_equal_one_large_batch(tmp_path):
    # One batch of 8 utterances an epoch, or four of 2; order within an epoch does not matter.
    large, _ = fit(CONFIG, tmp_path / "large")
    small_config = dataclasses.replace(CONFIG, max_utts=2, accum_grad=4)
    small, callback = fit(small_config, tmp_path / "small")
    for (name, ours), (_, expected) in zip(
        small.model.named_parameters(), large.model.named_parameters(), strict=True
    ):
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-6, msg=name)
    assert small.grad_norm == pytest.approx(large.grad_norm, rel=1e-5)
    assert [step for step, _, _ in small.model.steps] == list(range(12))
    assert small.model.updates == [0] * 4 + [1] * 4 + [2] * 4
    assert small.progress.micro_step == 12
    # Weighted by frames: the mean of four unequal micro-batches is that of the large batch.
    first = callback.history.points["train"]["loss"][0][1]
    with torch.no_grad():
        torch.manual_seed(0)
        samples = [ToyDataset().sample(i, 0, 0) for i in range(8)]
        from espnet_av.data.batch import collate

        loss, _, _ = ToyModel()(**collate(samples).as_dict())
    assert first == pytest.approx(loss.item(), rel=1e-5)


def test_gradients_are_clipped(tmp_path):
    config = dataclasses.replace(
        CONFIG, max_steps=1, grad_clip=0.01, optim_conf=OptimConfig(lr=1e6, eps=1e6)
    )
    module, _ = fit(config, tmp_path)
    start = ToyModel.__new__(ToyModel)
    torch.manual_seed(0)
    ToyModel.__init__(start)
    moved = torch.cat(
        [
            (a - b).flatten()
            for a, b in zip(module.model.parameters(), start.parameters(), strict=True)
        ]
    )
    # With a huge eps Adam's first step is lr * gradient / eps.
    assert module.grad_norm > 0.01
    assert moved.norm().item() == pytest.approx(0.01, rel=1e-2)


class BrokenModel(ToyModel):
    """The loss of every micro-batch with utterance u3 is not a number, between two steps."""

    broken = range(1, 2)

    def forward(self, **batch):
        loss, stats, weight = super().forward(**batch)
        if "u3" in batch["utt_id"] and self.steps and self.steps[-1][0] in self.broken:
            loss = loss * float("nan")
        return loss, stats, weight


def test_update_with_nan_loss_is_skipped(tmp_path, caplog):
    weights = []

    class Watched(BrokenModel):
        def set_step(self, step, rank, seed):
            super().set_step(step, rank, seed)
            weights.append(torch.cat([p.detach().flatten() for p in self.parameters()]))

    module, _ = fit(CONFIG, tmp_path, Watched())
    assert module.progress.skipped_steps == 1 and module.progress.skipped_in_row == 0
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights[1], weights[2]), "step 1 is skipped: neither gradient nor decay"
    assert "the loss was not finite, update skipped; utterances: " in caplog.text
    assert torch.isfinite(torch.cat([p.flatten() for p in module.parameters()])).all()


def test_too_many_broken_updates_stop_the_run(tmp_path):
    class AlwaysBroken(BrokenModel):
        broken = range(100)

    config = dataclasses.replace(CONFIG, max_nonfinite_steps=2, max_utts=2, accum_grad=4)
    # Only the micro-batch with the broken loss is named.
    with pytest.raises(TrainingError, match=r"loss was not finite in 2 .* u3 u2;|u2 u3;") as error:
        fit(config, tmp_path, AlwaysBroken())
    assert "u7" not in str(error.value)


def test_step_with_nothing_to_learn_from_says_so(tmp_path):
    class Idle(ToyModel):
        def forward(self, **batch):
            loss, stats, weight = super().forward(**batch)
            return loss, stats, weight * 0

    config = dataclasses.replace(CONFIG, max_nonfinite_steps=2)
    message = r"nothing to learn from in 2 updates in a row, .*u7.*; look at their text, units"
    with pytest.raises(TrainingError, match=message):
        fit(config, tmp_path, Idle())


def test_lightning_still_has_what_is_switched_off(tmp_path):
    callback = StepCallback(CONFIG, tmp_path, StopRequest())
    trainer = build_trainer(CONFIG, tmp_path, Devices(), callback)
    for owner, name in (
        (trainer._signal_connector, "register_signal_handlers"),
        (trainer.fit_loop.epoch_loop, "_broadcast_sigterm_tensor"),
    ):
        assert callable(getattr(type(owner), name)) and name in vars(owner)


def test_random_numbers_follow_from_the_step_alone(tmp_path):
    draws = []

    class Drawing(ToyModel):
        def forward(self, **batch):
            if self.training:
                draws.append(torch.rand(1).item())
            else:
                torch.rand(17)
            return super().forward(**batch)

    fit(CONFIG, tmp_path / "a", Drawing())
    every_step = dataclasses.replace(CONFIG, valid_interval_steps=1)
    fit(every_step, tmp_path / "b", Drawing())
    assert draws[:3] == draws[3:]
    assert len(set(draws)) == 3


def test_throughput_is_in_the_log_and_on_the_progress_bar(tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.INFO, logger="espnet_av")
    monkeypatch.setenv("AV_PROGRESS_FILE", str(tmp_path / "progress.json"))
    fit(CONFIG, tmp_path)
    line = next(m for m in caplog.messages if m.startswith("step 3/3: "))
    figures = r"speech=([\d.]+)h/h utts/s=\S+ frames/s=(\d+) padding=(\S+)% data_wait=[\d.]+% "
    speech, frames, padding = map(float, re.search(figures, line).groups())
    assert frames > 0 and speech == pytest.approx(frames / 25, abs=0.1)
    # One batch of 4 + 5 + .. + 11 frames, padded to 8 x 11.
    assert padding == pytest.approx(100 * (1 - 60 / 88), abs=0.06)
    shown = json.loads((tmp_path / "progress.json").read_text())["postfix"]
    assert set(shown) >= {"loss", "speech", "frames/s", "padding", "wait"}
    assert shown["speech"].endswith("h/h") and shown["padding"] == "32%"


def test_a_model_is_told_the_optimiser_step(tmp_path):
    class Told(ToyModel):
        updates: list[int] = []

        def set_update(self, update):
            self.updates.append(update)

    config = dataclasses.replace(CONFIG, max_utts=2, accum_grad=4, max_steps=2)
    module, _ = fit(config, tmp_path, model=Told())
    assert module.model.updates == [0] * 4 + [1] * 4
