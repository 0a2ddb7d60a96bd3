"""What a run makes of validations without figures, and of criteria that the model lacks."""

from __future__ import annotations

import math

import pytest

from espnet_av.bin import train as train_bin
from espnet_av.train.lightning_module import AVLightningModule

SHORT = {"max_steps": 4, "valid_interval_steps": 2, "accum_grad": 1}


def run(tiny_run, exp, **changes):
    path = tiny_run.config(f"{exp.parent.name}.yaml", **{**SHORT, **changes})
    return train_bin.main(["--config", str(path), *tiny_run.arguments, str(exp)])


def log(exp):
    return (exp / "train.log").read_text()


def change_loss(monkeypatch, change):
    """Have `change(step, batch index, loss)` in place of each validation loss."""
    original = AVLightningModule.validation_step

    def validation_step(self, batch, index):
        stats = original(self, batch, index)
        loss = change(self.progress.micro_step, index, float(stats["loss"]))
        stats.totals[0, list(stats).index("loss")] = loss
        return stats

    monkeypatch.setattr(AVLightningModule, "validation_step", validation_step)


@pytest.mark.parametrize(("broken", "average"), [(math.nan, 2), (math.inf, 0)])
def test_a_run_without_one_finite_validation_is_not_done(
    broken, average, tiny_run, tmp_path, monkeypatch
):
    exp = tmp_path / "exp"
    with monkeypatch.context() as patch:
        change_loss(patch, lambda step, index, loss: broken)
        assert run(tiny_run, exp, average=average) == 1
        assert "no best model by valid.loss, which was NaN or infinite at every" in log(exp)
        assert "validation: the loss was not finite in the batches of s1-2" in log(exp)
        assert not (exp / ".done").exists()
        for name in ("latest.pth", "4step.pth", "last.ckpt"):
            assert (exp / name).exists()
        num_lines = log(exp).count("no best model")
        assert run(tiny_run, exp, average=average) == 1, "nor when it is run again"
        assert log(exp).count("no best model") == num_lines + 1


def test_one_finite_validation_is_the_best(tiny_run, tmp_path, monkeypatch):
    exp = tmp_path / "exp"
    with monkeypatch.context() as patch:
        change_loss(patch, lambda step, index, loss: math.inf if step > 2 else loss)
        assert run(tiny_run, exp) == 0
    assert (exp / "valid.loss.best.pth").readlink().name == "2step.pth"
    assert (exp / "valid.loss.ave.pth").exists()


def test_one_infinite_batch_makes_the_validation_infinite(tiny_run, tmp_path, monkeypatch):
    exp = tmp_path / "exp"
    with monkeypatch.context() as patch:
        change_loss(patch, lambda step, index, loss: math.inf if step and index == 0 else loss)
        assert run(tiny_run, exp, max_steps=2, batch_frames=40) == 1
    assert "step 2: valid loss=inf" in log(exp)


@pytest.mark.parametrize(
    ("criterion", "reason"),
    [
        (["valid", "los", "min"], "no 'los' in valid; did you mean 'loss'?"),
        (["valid", "valid.acc", "max"], "no 'valid.acc' in valid; did you mean 'acc'?"),
        (["train", "grad_nrm", "min"], "no 'grad_nrm' in train; did you mean 'grad_norm'?"),
        (["valid", "lr", "min"], "no 'lr' in valid"),
        (["valid", "acc", "max"], "valid.acc applies to no utterance of the validation set"),
    ],
)
def test_a_criterion_that_the_model_lacks_stops_before_the_first_step(
    criterion, reason, tiny_run, tmp_path, monkeypatch
):
    exp, steps = tmp_path / "exp", []
    with monkeypatch.context() as patch:
        patch.setattr(AVLightningModule, "training_step", lambda *a: steps.append(a))
        changes = {"best_model_criterion": [["valid", "loss", "min"], criterion]}
        assert run(tiny_run, exp, **changes) == 1
    assert f"best_model_criterion: {reason}" in log(exp).replace("the model reports ", "")
    assert not steps
    assert not list(exp.glob("*.ckpt"))


def test_a_criterion_put_right_runs_in_the_same_folder(tiny_run, tmp_path):
    exp = tmp_path / "exp"
    assert run(tiny_run, exp, best_model_criterion=[["valid", "lss", "min"]]) == 1
    assert run(tiny_run, exp, max_steps=1) == 0


def test_criteria_of_the_training_are_known(tiny_run, tmp_path):
    criteria = [["train", "loss", "min"], ["train", "grad_norm", "min"]]
    assert run(tiny_run, tmp_path / "exp", best_model_criterion=criteria) == 0
    assert (tmp_path / "exp" / "train.grad_norm.ave.pth").exists()
