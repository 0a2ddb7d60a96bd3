"""The best of several trainings, by its figure and as a folder that can be decoded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from espnet_av.bin import choose as choose_bin
from espnet_av.config import save_yaml
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.train.choice import choose
from espnet_av.train.config import TrainConfig
from espnet_av.train.experiment import mark_done
from espnet_av.train.initialisation import final_model
from espnet_av.train.loading import default_checkpoint
from espnet_av.train.summary import write_summary

Criterion = tuple[str, str, str]
ACC: Criterion = ("valid", "acc", "max")


def finished(folder: Path, figure: float | None, criterion: Criterion = ACC) -> Path:
    """What a training leaves."""
    config = TrainConfig(model="superb_ks", best_model_criterion=(criterion,), average=0)
    (folder / "logdir").mkdir(parents=True)
    save_yaml(config, folder / "config.yaml")
    (folder / "3step.pth").write_text(folder.name, encoding="utf-8")
    (folder / default_checkpoint(config)).symlink_to("3step.pth")
    best = {} if figure is None else {"best": {"valid.acc": figure, "valid.per": figure}}
    write_summary(folder, {"steps": 3, **best})
    (folder / ".done.finetune").write_text("x\n", encoding="utf-8")
    mark_done(folder)
    return folder


def several(root: Path, figures: Sequence[float | None], criterion: Criterion = ACC) -> list[Path]:
    return [finished(root / f"ks_lr{i}", f, criterion) for i, f in enumerate(figures)]


@pytest.mark.parametrize(
    ("criterion", "best"), [(ACC, 1), (("valid", "per", "min"), 0)], ids=["higher", "lower"]
)
def test_the_best_is_linked(tmp_path: Path, criterion: Criterion, best: int) -> None:
    candidates = several(tmp_path / "exp", [0.3, 0.9, 0.9, 0.5], criterion)
    out = tmp_path / "exp/ks"
    assert choose(candidates, out) == candidates[best]
    assert final_model(out).read_text(encoding="utf-8") == f"ks_lr{best}"
    assert not (out / ".done.finetune").exists() and not (out / "logdir").exists()
    assert all(not link.readlink().is_absolute() for link in out.iterdir() if link.is_symlink())
    rows = (out / "choice.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == f"training\tvalid.{criterion[1]}\tchosen"
    chosen = [row.split("\t")[0] for row in rows if row.endswith("\tyes")]
    assert chosen == [f"ks_lr{best}"] and len(rows) == 5


def test_another_choice_takes_the_place_of_the_first(tmp_path: Path) -> None:
    candidates, out = several(tmp_path, [0.3, 0.9]), tmp_path / "ks"
    choose(candidates, out)
    (out / "decode").mkdir()
    (candidates[1] / "extra.txt").write_text("x", encoding="utf-8")
    choose(candidates, out)
    assert (out / "extra.txt").exists()
    choose(candidates[:1], out)
    assert final_model(out).read_text(encoding="utf-8") == "ks_lr0"
    assert not (out / "extra.txt").is_symlink() and (out / "decode").is_dir()


def test_a_training_that_is_not_finished_is_named(tmp_path: Path) -> None:
    candidates = several(tmp_path, [0.3, 0.9])
    (candidates[1] / ".done").unlink()
    with pytest.raises(CheckpointError, match=r"ks_lr1: is not finished"):
        choose(candidates, tmp_path / "ks")
    assert not (tmp_path / "ks").exists()


def test_figures_that_are_missing_and_criteria_that_differ(tmp_path: Path) -> None:
    candidates = several(tmp_path, [0.3, None])
    with pytest.raises(CheckpointError, match=r"ks_lr1/train_summary.json: does not tell the best"):
        choose(candidates, tmp_path / "ks")
    other = finished(tmp_path / "pr", 0.1, ("valid", "per", "min"))
    with pytest.raises(ConfigError, match=r"pr: is to be best in valid per min, but .* max"):
        choose([candidates[0], other], tmp_path / "ks")


def test_the_folder_of_a_training_is_not_overwritten(tmp_path: Path) -> None:
    candidates = several(tmp_path, [0.3, 0.9])
    with pytest.raises(ConfigError, match="is there, and no link"):
        choose(candidates, candidates[0])
    assert final_model(candidates[0]).read_text(encoding="utf-8") == "ks_lr0"


def test_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    candidates = several(tmp_path, [0.3, 0.9])
    choose_bin.main(["--output", str(tmp_path / "ks"), *map(str, candidates)])
    assert f"{candidates[1]} -> {tmp_path / 'ks'}" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"choose: CheckpointError: .*no trained model"):
        choose_bin.main(["--output", str(tmp_path / "ks"), str(tmp_path / "nothing")])
