"""Putting a run together: what is done before, the trainer, and why a run ends."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch.strategies import DDPStrategy

from espnet_av.errors import ConfigError, TrainingError
from espnet_av.train.config import PRECISIONS, TrainConfig
from espnet_av.train.devices import Devices
from espnet_av.train.experiment import TrainInputs, mark_done, open_experiment
from espnet_av.train.runner import Outcome, _fit, _prepare_torch, build_trainer, train
from espnet_av.train.signals import StopRequest
from espnet_av.train.step_callback import StepCallback

GONE = TrainInputs(train_dir=Path("none/train"), valid_dir=Path("none/valid"))


def test_a_finished_run_needs_nothing_of_what_it_was_made_of(
    tmp_path: Path, bare: pytest.MonkeyPatch
) -> None:
    for name in ("train", "valid"):
        (tmp_path / name).mkdir()
    inputs = TrainInputs(train_dir=tmp_path / "train", valid_dir=tmp_path / "valid")
    exp, config = tmp_path / "exp", TrainConfig(max_steps=9)
    open_experiment(exp, config, inputs, 1)
    mark_done(exp)
    found = train(config, GONE, exp, Devices(num_processes=3), StopRequest())
    assert found is Outcome.NOTHING_TO_DO
    with pytest.raises(ConfigError, match=r"is finished with another configuration .*max_steps"):
        train(TrainConfig(max_steps=10), GONE, exp, Devices(), StopRequest())


def test_data_that_are_not_there_are_named(tmp_path: Path, bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--train_dir none/train: no such folder; stage 3"):
        train(TrainConfig(), GONE, tmp_path / "exp", Devices(), StopRequest())
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_trainer_does_what_the_configuration_says(
    precision: str, tmp_path: Path, bare: pytest.MonkeyPatch
) -> None:
    config = TrainConfig(precision=precision, accum_grad=3)
    callback = StepCallback(config, tmp_path, StopRequest())
    trainer = build_trainer(config, tmp_path, Devices(), callback)
    assert trainer.precision == PRECISIONS[precision]
    assert trainer.accumulate_grad_batches == 3
    assert callback in trainer.callbacks  # type: ignore[attr-defined]
    assert trainer.num_devices == trainer.num_nodes == 1
    # The callback alone ends a run, validates and saves.
    assert (trainer.max_steps, trainer.max_epochs, trainer.limit_val_batches) == (-1, -1, 0)
    assert trainer.checkpoint_callbacks == []


def test_several_processes_tolerate_parameters_without_a_gradient(
    tmp_path: Path, bare: pytest.MonkeyPatch
) -> None:
    config = TrainConfig()
    callback = StepCallback(config, tmp_path, StopRequest())
    trainer = build_trainer(config, tmp_path, Devices(num_processes=2), callback)
    assert isinstance(trainer.strategy, DDPStrategy)
    assert trainer.strategy._ddp_kwargs["find_unused_parameters"] is True
    assert trainer.world_size == 2


def fit(error: Exception) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    trainer: Any = SimpleNamespace(fit=refuse)
    _fit(trainer, None, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("[gloo] Connection closed by peer\nmore"), "another process .*by peer"),
        (RuntimeError("Broken pipe"), "another process of this run has ended"),
        (torch.distributed.DistError("timed out"), "another process .*goes on from the last"),
        (RuntimeError("DataLoader worker (pid 9) is killed"), "a data-loading process died.*again"),
        (EOFError(), "a data-loading process died while it handed over a batch.*; run again"),
    ],
)
def test_a_lost_process_is_named_with_a_cure(error: Exception, message: str) -> None:
    with pytest.raises(TrainingError, match=message) as caught:
        fit(error)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [RuntimeError("shape mismatch"), ValueError("x"), TrainingError("loss is not finite")]
)
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        fit(error)
    assert caught.value is error


def test_cores_are_shared_with_the_loading_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(torch, "set_num_threads", lambda number: seen.update(threads=number))
    monkeypatch.setattr(
        torch, "set_float32_matmul_precision", lambda name: seen.update(matmul=name)
    )
    cores: Any = SimpleNamespace(num_cores=8)
    for config, threads in (
        (TrainConfig(num_workers=3), 5),
        (TrainConfig(num_workers=20), 1),
        (TrainConfig(num_workers=3, num_threads=2), 2),
    ):
        _prepare_torch(config, cores)
        assert seen == {"threads": threads, "matmul": "high"}
