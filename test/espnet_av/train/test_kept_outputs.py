"""A figure over a whole validation set: declared by a toy in one file, ranked by."""

from __future__ import annotations

import math

import pytest
import torch
from oracles.toy_training import ToyDataset, ToyModel

from espnet_av.data.batch import collate
from espnet_av.errors import ConfigError
from espnet_av.models.abs_validator import AbsValidator
from espnet_av.modules.statistics import HIGHER, PLAIN
from espnet_av.train.config import OptimConfig, TrainConfig
from espnet_av.train.criteria import check_criteria
from espnet_av.train.data_module import AVDataModule
from espnet_av.train.devices import Devices
from espnet_av.train.kept_outputs import KeptOutputs
from espnet_av.train.lightning_module import AVLightningModule
from espnet_av.train.runner import build_trainer
from espnet_av.train.signals import StopRequest
from espnet_av.train.step_batch import StepBatch
from espnet_av.train.step_callback import StepCallback
from espnet_av.train.step_sampler import ItemKey, Progress


class Recall(AbsValidator):
    """Share of utterances that are nearer to their own token than to that of any other."""

    stats = {"r_at_1": HIGHER, "num_seen": PLAIN}

    def outputs(self, model, batch):
        guesses = model.head(model.encoder(batch["video"].float().flatten(2) / 255).tanh())
        return list(zip(guesses.mean((1, 2)).tolist(), batch["text"][:, 0].tolist(), strict=True))

    def figures(self, kept):
        guesses, tokens = (torch.tensor(column) for column in zip(*kept.values(), strict=True))
        nearest = (guesses[:, None] - tokens).abs().argmin(1)
        hits = nearest == torch.arange(len(tokens))
        return {"r_at_1": hits.float().mean().item(), "num_seen": float(len(kept))}


class RecallModel(ToyModel):
    def validators(self):
        return (Recall(),)


CONFIG = TrainConfig(
    max_steps=4,
    batch_frames=12,
    optim="adam",
    optim_conf=OptimConfig(lr=0.1),
    scheduler="constant",
    num_workers=0,
    valid_interval_steps=2,
    log_interval_steps=2,
    average=2,
    best_model_criterion=(("valid", "r_at_1", "max"), ("valid", "num_seen", "min")),
)


def test_a_run_is_ranked_by_it(tmp_path):
    torch.manual_seed(0)
    model, progress = RecallModel(), Progress()
    check_criteria(CONFIG.best_model_criterion, model)
    callback = StepCallback(CONFIG, tmp_path, StopRequest())
    data = AVDataModule(ToyDataset(), ToyDataset(5), CONFIG, progress)
    trainer = build_trainer(CONFIG, tmp_path, Devices(), callback)
    trainer.fit(AVLightningModule(model, CONFIG, progress), datamodule=data)
    points = callback.history.points["valid"]
    assert [step for step, _ in points["r_at_1"]] == [2, 4]
    assert points["num_seen"] == [(2, 5.0), (4, 5.0)], "all batches of the set together"
    shares = [value for _, value in points["r_at_1"]]
    assert all(value * 5 == pytest.approx(round(value * 5)) for value in shares)
    assert (tmp_path / "valid.r_at_1.best.pth").exists()
    assert callback.best.ranking("valid", "num_seen", "min") == [2, 4]


@pytest.mark.parametrize(
    ("criterion", "reason"),
    [
        (("valid", "r_at_10", "max"), r"no 'r_at_10' in valid; did you mean 'r_at_1'\?"),
        (("train", "r_at_1", "max"), "no 'r_at_1' in train; "),
        (("valid", "r_at_1", "min"), "r_at_1 is better when higher"),
    ],
)
def test_criteria_that_it_does_not_give(criterion, reason):
    with pytest.raises(ConfigError, match=reason):
        check_criteria([criterion], RecallModel())


def step_batch(rows, counted=True):
    samples = [ToyDataset().sample(row, 0, 0) for row in rows]
    return StepBatch(
        batch=collate(samples),
        key=ItemKey(0, 0 if counted else -1, 0, 0, 0),
        num_frames=1,
        num_padded_frames=1,
    )


@torch.no_grad()
def test_each_utterance_counts_once_and_batches_do_not_matter():
    torch.manual_seed(1)
    model = RecallModel().eval()
    found = []
    for batches in ([(0, 1, 2, 3)], [(2,), (0, 3), (1,)]):
        kept = KeptOutputs(model)
        for rows in batches:
            kept.add(step_batch(rows))
        kept.add(step_batch((0, 5), counted=False))
        found.append(kept.figures())
    # Padding does not matter to which token is the nearest.
    assert found[0] == found[1] and found[0]["num_seen"] == 4


def test_a_figure_that_is_not_declared_is_a_fault():
    class Wrong(Recall):
        def figures(self, kept):
            return {"recall": math.nan}

    class WrongModel(ToyModel):
        def validators(self):
            return (Wrong(),)

    with pytest.raises(AssertionError, match="other figures"):
        KeptOutputs(WrongModel()).figures()


def test_a_model_without_validators_keeps_nothing():
    kept = KeptOutputs(ToyModel())
    kept.add(step_batch((0,)))
    assert kept.figures() == {}
