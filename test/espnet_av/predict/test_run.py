"""The job of decoding: its share of the conditions, what is done before, what it writes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from oracles.tiny_run import write_tiny_dump
from oracles.toy_predictions import ToyModel

from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.errors import ConfigError
from espnet_av.predict import run as module
from espnet_av.predict.run import DecodeJob, run, unfinished
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.train.config import TrainConfig

CONFIG = TrainConfig(seed=7, dataset=DatasetConfig(video_crop=16))


class Model(ToyModel):
    predicts = ("frames",)
    reads = frozenset({"speech", "video"})

    def parameters(self) -> list[torch.Tensor]:
        return [torch.zeros(3), torch.zeros(2, 2)]


@pytest.fixture
def options(tmp_path: Path) -> argparse.Namespace:
    for name, num_utts in (("one", 3), ("two", 2)):
        write_tiny_dump(tmp_path / name, num_utts, seed=1)
    (tmp_path / "two/video.scp").unlink()
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp/model.pth").write_bytes(b"weights")
    return argparse.Namespace(
        exp_dir=tmp_path / "exp", out_dir=tmp_path / "out", checkpoint="model.pth",
        sets=[tmp_path / "one", tmp_path / "two"], modes=["A", "V", "AV"], noises=["clean"],
        missing_video=["start:0.5"], noise_dir=None, job=1, num_jobs=1, kind="frames", layers=(),
        seed=4, ngpu=0, num_workers=0, dry_run=False,
    )  # fmt: skip


def make(options: argparse.Namespace, **more: Any) -> DecodeJob:
    job = DecodeJob(options, DecodeConfig(), **more)
    job.__dict__["experiment"] = (Model([]), CONFIG, None)
    return job


def named(job: DecodeJob) -> list[str]:
    return [str(condition.folder) for condition, _ in job.conditions()]


ALL = [
    "one/A_clean", "one/V_clean", "one/V_clean_start_0.5", "one/AV_clean", "one/AV_clean_start_0.5",
    "two/A_clean",
]  # fmt: skip


def test_jobs_share_all_conditions(options: argparse.Namespace) -> None:
    """A set without video is heard alone; each condition is one job's, with its dump."""
    assert sorted(named(make(options))) == sorted(ALL)
    assert all(dump.name == c.set_name for c, dump in make(options).conditions())
    for num_jobs in (2, 4, 9):
        options.num_jobs = num_jobs
        shares = []
        for options.job in range(1, num_jobs + 1):
            shares.append(named(make(options)))
        assert sorted(name for share in shares for name in share) == sorted(ALL)
        sizes = [len(share) for share in shares]
        assert max(sizes) - min(sizes) <= 1


def test_sets_that_cannot_be_told_apart_or_are_not_there(options: argparse.Namespace) -> None:
    options.sets = [options.sets[0], options.sets[0]]
    with pytest.raises(ConfigError, match="two have the same name"):
        make(options).conditions()
    options.sets = [options.exp_dir / "none"]
    with pytest.raises(ConfigError, match="none: no such folder; stage 3 makes it"):
        make(options).conditions()
    options.checkpoint = "other.pth"
    with pytest.raises(ConfigError, match=r"exp/other\.pth: no such checkpoint; train first"):
        _ = make(options).checkpoint
    options.noises = ["babble:0"]
    with pytest.raises(ConfigError, match="--noises asks for noise; pass --noise_dir"):
        _ = make(options).noise


def test_a_set_is_read_once_for_all_its_conditions(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        module, "read_data_dir", lambda path: read.append(path.name) or read_data_dir(path)
    )
    waiting = unfinished(make(options))
    assert read == ["one", "two"]
    assert len({id(data) for *_, data in waiting}) == 2
    assert len({key for _, _, key, _ in waiting}) == len(ALL)
    assert [data.path for *_, data in waiting] == [dump for _, dump, _, _ in waiting]


def test_what_is_written_and_that_it_is_done_once(
    options: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds: list[str] = []
    options.missing_video, options.modes = [], ["A", "AV"]
    run(make(options, check=kinds.append))
    assert kinds == ["frames"]
    info = json.loads((options.out_dir / "one/AV_clean/decode.json").read_text(encoding="utf-8"))
    wanted = {
        "set": "one", "mode": "AV", "noise": "clean", "snr_db": None, "missing_video": None,
        "missing_share": None, "kind": "frames", "num_utts": 3, "checkpoint": "model.pth",
        "num_parameters": 7, "seed": 4, "train_seed": 7, "device": "cpu", "layers": ["output"],
    }  # fmt: skip
    assert {key: info[key] for key in wanted} == wanted
    said = capsys.readouterr().out.splitlines()
    assert f"{options.sets[0]} -> {options.out_dir / 'one/AV_clean'}" in said
    run(make(options))
    assert {line.rpartition(": ")[2] for line in capsys.readouterr().out.splitlines()} == {
        "done before"
    }
    options.seed = 5  # decides nothing where no noise is drawn
    assert unfinished(make(options)) == []
    (options.exp_dir / "model.pth").write_bytes(b"other weights")
    assert len(unfinished(make(options))) == 3


def test_dry_run_opens_nothing(
    options: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    (options.exp_dir / "model.pth").unlink()
    options.dry_run = True
    run(make(options))
    assert sorted(capsys.readouterr().out.split()) == [
        str(options.out_dir / name) for name in sorted(ALL)
    ]
    assert not options.out_dir.exists()
