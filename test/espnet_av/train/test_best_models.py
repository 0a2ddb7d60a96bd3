from __future__ import annotations

import pytest
import torch

from espnet_av.errors import CheckpointError, TrainingError
from espnet_av.train.best_models import BestModels


def state(value):
    return {
        "w": torch.full((2,), value),
        "h": torch.full((2,), value, dtype=torch.bfloat16),
        "count": torch.tensor(int(value * 10)),
    }


def stats(loss, acc=0.0):
    return {"train": {"loss": loss}, "valid": {"loss": loss, "acc": acc}}


def test_ranking_links_and_removal(tmp_path):
    best = BestModels(tmp_path, [("valid", "loss", "min"), ("valid", "acc", "max")], keep=2)
    scores = {10: (5.0, 0.1), 20: (3.0, 0.3), 30: (4.0, 0.2), 40: (3.0, 0.2), 50: (9.0, 0.9)}
    for step, (loss, acc) in scores.items():
        best.add(step, state(step / 100), stats(loss, acc))
    assert best.ranking("valid", "loss", "min") == [20, 40, 30, 10, 50]
    assert best.ranking("valid", "acc", "max") == [50, 20, 30, 40, 10]
    assert (tmp_path / "10step.pth").exists(), "removed only when told"
    assert best.figures() == {"valid.loss": 3.0, "valid.acc": 0.9}
    best.prune()
    assert {p.name for p in tmp_path.glob("*step.pth")} == {
        "20step.pth",
        "40step.pth",
        "50step.pth",
    }
    links = {p.name: p.readlink().name for p in tmp_path.iterdir() if p.is_symlink()}
    assert links == {
        "latest.pth": "50step.pth",
        "valid.loss.best.pth": "20step.pth",
        "valid.acc.best.pth": "50step.pth",
    }
    again = BestModels(tmp_path, [("valid", "loss", "min"), ("valid", "acc", "max")], keep=2)
    again.load_state_dict(best.state_dict())
    again.finish(2)
    mean = torch.load(tmp_path / "valid.loss.ave_2best.pth", weights_only=True)
    torch.testing.assert_close(mean["w"], torch.full((2,), 0.3))
    assert (tmp_path / "valid.acc.ave.pth").readlink().name == "valid.acc.ave_2best.pth"


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
def test_scores_that_are_not_finite_are_never_the_best(broken, mode, tmp_path):
    best = BestModels(tmp_path, [("valid", "loss", mode)], keep=1)
    best.add(10, state(0.1), stats(broken))
    assert not (tmp_path / "valid.loss.best.pth").exists() and best.figures() == {}
    best.add(20, state(0.2), stats(1.0))
    best.add(30, state(0.3), stats(broken))
    assert best.ranking("valid", "loss", mode) == [20]
    best.prune()
    assert best.kept() == {20, 30}, "the best and the newest"


def test_a_criterion_without_a_best_model_is_an_error_and_the_others_are_averaged(tmp_path):
    criteria = [("valid", "acc", "max"), ("valid", "loss", "min")]
    best = BestModels(tmp_path, criteria, keep=2)
    for step in (10, 20):
        best.add(step, state(step / 100), stats(1.0, acc=float("nan")))
    with pytest.raises(TrainingError, match=r"no best model by valid\.acc, which was NaN"):
        best.finish(2)
    assert (tmp_path / "valid.loss.ave_2best.pth").exists()
    assert not (tmp_path / "valid.acc.ave_2best.pth").exists()


def test_weights_that_are_gone_make_room_for_the_next_best(tmp_path):
    best = BestModels(tmp_path, [("valid", "loss", "min")], keep=3)
    for step, loss in ((10, 1.0), (20, 2.0), (30, 3.0)):
        best.add(step, state(step / 100), stats(loss))
    (tmp_path / "10step.pth").unlink()
    best.finish(2)
    assert (tmp_path / "valid.loss.best.pth").readlink().name == "20step.pth"
    mean = torch.load(tmp_path / "valid.loss.ave_2best.pth", weights_only=True)
    torch.testing.assert_close(mean["w"], torch.full((2,), 0.25))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (RuntimeError("unexpected pos 704 vs 598\nstack"), "unexpected pos 704 vs 598"),
    ],
)
def test_full_disk_names_the_cure(tmp_path, monkeypatch, error, reason):
    def save(_weights, stream):
        stream.write(b"half")
        raise error

    monkeypatch.setattr(torch, "save", save)
    best = BestModels(tmp_path, [("valid", "loss", "min")], keep=1)
    message = rf"10step\.pth: could not be written \({reason}\); free some space"
    with pytest.raises(CheckpointError, match=message):
        best.add(10, state(0.1), stats(1.0))
    assert not list(tmp_path.iterdir())
