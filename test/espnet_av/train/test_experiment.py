from __future__ import annotations

import dataclasses
import errno
import hashlib
import logging
import re
import shutil
import sys

import pytest
import torch
import yaml

from espnet_av.bin import train as train_bin
from espnet_av.config import load_config
from espnet_av.errors import ConfigError
from espnet_av.train import runner
from espnet_av.train.config import ParamGroup, TrainConfig
from espnet_av.train.experiment import TrainInputs, log_to_file, mark_done, open_experiment
from espnet_av.train.folder_lock import LOCK
from espnet_av.train.loading import load_experiment


@pytest.fixture
def inputs(tiny_run, tmp_path):
    shutil.copytree(tiny_run.root / "dump", tmp_path / "dump")
    return TrainInputs(
        train_dir=tmp_path / "dump" / "train",
        valid_dir=tmp_path / "dump" / "valid",
        token_dir=tiny_run.root / "tokens",
    )


CONFIG = TrainConfig(param_groups=(ParamGroup(prefix="a"),), num_workers=1)


def test_files_of_a_new_run(inputs, tmp_path):
    open_experiment(tmp_path / "exp", CONFIG, inputs, 1)
    names = {path.name for path in (tmp_path / "exp").iterdir()}
    assert names == {"config.yaml", "inputs.yaml", "provenance.yaml", "tokens"}
    assert load_config(TrainConfig, tmp_path / "exp" / "config.yaml") == CONFIG


def begin(exp, inputs):
    """An experiment that has saved once."""
    open_experiment(exp, CONFIG, inputs, 1)
    (exp / "last.ckpt").touch()


def test_before_the_first_checkpoint_a_mistake_can_be_mended(inputs, tmp_path):
    open_experiment(tmp_path / "exp", CONFIG, inputs, 1)
    mended = dataclasses.replace(CONFIG, max_steps=7)
    open_experiment(tmp_path / "exp", mended, inputs, 2)
    assert load_config(TrainConfig, tmp_path / "exp" / "config.yaml") == mended


def test_same_run_may_go_on_with_other_workers_and_folders(inputs, tmp_path):
    begin(tmp_path / "exp", inputs)
    inputs.train_dir.rename(tmp_path / "elsewhere")
    moved = dataclasses.replace(inputs, train_dir=tmp_path / "elsewhere")
    config = dataclasses.replace(CONFIG, num_workers=7, log_interval_steps=3, num_threads=1)
    open_experiment(tmp_path / "exp", config, moved, 1)


def test_other_configuration_names_keys_values_and_cure(inputs, tmp_path):
    exp = tmp_path / "exp"
    begin(exp, inputs)
    config = dataclasses.replace(CONFIG, max_steps=7, seed=3)
    with pytest.raises(
        ConfigError,
        match=r"half trained with another configuration \(max_steps: 1000 there, 7 now; "
        r"seed: 0 there, 3 now\); .*--tag",
    ):
        open_experiment(exp, config, inputs, 1)
    mark_done(exp)
    with pytest.raises(ConfigError, match=r"exp is finished with another configuration"):
        open_experiment(exp, config, inputs, 1)


def test_number_of_processes_binds_until_the_run_is_done(inputs, tmp_path):
    exp = tmp_path / "exp"
    begin(exp, inputs)
    with pytest.raises(ConfigError, match=r"num_processes: 1 there, 2 now"):
        open_experiment(exp, CONFIG, inputs, 2)
    mark_done(exp)
    open_experiment(exp, CONFIG, inputs, 2)


@pytest.mark.parametrize("is_finished", [False, True])
@pytest.mark.parametrize(
    ("table", "difference"),
    [
        ("text", r"data\.train_dir: \w+ there, \w+ now"),
        # Other mouth clips of the same lengths.
        ("video.scp", r"media\.train_dir: \w+ there, \w+ now"),
        ("wav.scp", r"media\.train_dir: \w+ there, \w+ now"),
    ],
)
def test_other_data(inputs, tmp_path, is_finished, table, difference):
    exp = tmp_path / "exp"
    begin(exp, inputs)
    if is_finished:
        mark_done(exp)
    path = inputs.train_dir / table
    path.write_text(path.read_text().replace("0", "1"))
    state = "finished" if is_finished else "half trained"
    message = rf"is {state} with other data or weights to start from \({difference}\).*--tag"
    with pytest.raises(ConfigError, match=message):
        open_experiment(exp, CONFIG, inputs, 1)


@pytest.mark.parametrize("table", ["utt2lang", "utt2category"])
@pytest.mark.parametrize("is_finished", [False, True])
def test_other_languages(inputs, tmp_path, is_finished, table):
    """They choose utterances, tags and shares."""
    exp = tmp_path / "exp"
    rows = [line.split()[0] for line in (inputs.train_dir / "utt2spk").read_text().splitlines()]
    (inputs.train_dir / table).write_text("".join(f"{utt_id} de\n" for utt_id in rows))
    begin(exp, inputs)
    if is_finished:
        mark_done(exp)
    open_experiment(exp, CONFIG, inputs, 1)
    path = inputs.train_dir / table
    path.write_text(path.read_text().replace(" de", " fr", 1))
    message = r"with other data or weights to start from \(labels\.train_dir: \w+ there, \w+ now\)"
    with pytest.raises(ConfigError, match=message):
        open_experiment(exp, CONFIG, inputs, 1)


@pytest.mark.parametrize("noise_prob", [0.0, 0.5])
def test_other_noises_matter_where_they_are_heard(inputs, tmp_path, noise_prob):
    exp, noise = tmp_path / "exp", tmp_path / "noise"
    noise.mkdir()
    (noise / "noise.tsv").write_text("before")
    inputs = dataclasses.replace(inputs, noise_dir=noise)
    dataset = dataclasses.replace(CONFIG.dataset, noise_prob=noise_prob)
    config = dataclasses.replace(CONFIG, dataset=dataset)
    open_experiment(exp, config, inputs, 1)
    mark_done(exp)
    (noise / "noise.tsv").write_text("after")
    if noise_prob:
        with pytest.raises(ConfigError, match=r"data\.noise_dir: \w+ there, \w+ now.*--tag"):
            open_experiment(exp, config, inputs, 1)
    else:
        open_experiment(exp, config, inputs, 1)


def test_other_weights_to_start_from(inputs, tmp_path):
    exp, start = tmp_path / "exp", tmp_path / "start"
    open_experiment(start, CONFIG, inputs, 1)
    (start / "valid.loss.ave_5best.pth").write_bytes(b"first")
    config = dataclasses.replace(CONFIG, init_param=(f"{start}:encoder",))
    open_experiment(exp, config, inputs, 1)
    mark_done(exp)
    open_experiment(exp, config, inputs, 1)
    (start / "valid.loss.ave_5best.pth").write_bytes(b"again")
    with pytest.raises(ConfigError, match=r"start\.\S+/start:encoder: \w+ there, \w+ now"):
        open_experiment(exp, config, inputs, 1)
    shutil.rmtree(start)
    open_experiment(exp, config, inputs, 1)


def test_finished_run_does_not_need_what_it_was_made_of(inputs, tmp_path):
    units = tmp_path / "units"
    units.mkdir()
    (units / "units.yaml").write_text(
        "sets: {}\nchecksum: c\nrate_hz: 25\nnum_units: 5\nsource: {}\n"
    )
    inputs = dataclasses.replace(inputs, units_dir=units)
    begin(tmp_path / "exp", inputs)
    mark_done(tmp_path / "exp")
    shutil.rmtree(inputs.train_dir)
    shutil.rmtree(units)
    open_experiment(tmp_path / "exp", CONFIG, inputs, 1)
    with pytest.raises(ConfigError, match=r"data\.units_dir: \w+ there, None now"):
        open_experiment(tmp_path / "exp", CONFIG, dataclasses.replace(inputs, units_dir=None), 1)


def test_run_that_is_older_than_a_kind_of_fingerprints(inputs, tmp_path):
    exp = tmp_path / "exp"
    begin(exp, inputs)
    record = yaml.safe_load((exp / "inputs.yaml").read_text())
    old = {kind: record[kind] for kind in ("num_processes", "data")}
    (exp / "inputs.yaml").write_text(yaml.safe_dump(old))
    (inputs.train_dir / "video.scp").write_text("")
    open_experiment(exp, CONFIG, inputs, 1)
    mark_done(exp)
    open_experiment(exp, CONFIG, inputs, 1)


def test_fingerprint_of_tables_stays_that_of_older_runs(tmp_path):
    (tmp_path / "text").write_text("u1 a\n")
    (tmp_path / "text.en").write_text("u1 b\n")
    found = TrainInputs(train_dir=tmp_path, valid_dir=tmp_path).fingerprints()["data"]["train_dir"]
    assert found == hashlib.sha256(b"text\0u1 a\ntext.en\0u1 b\n").hexdigest()[:16]


@pytest.mark.parametrize(("name", "stage"), [("train_dir", 3), ("token_dir", 8), ("noise_dir", 3)])
def test_missing_folder_is_named_before_anything_is_written(inputs, tmp_path, name, stage):
    wrong = dataclasses.replace(inputs, **{name: tmp_path / "none"})
    message = rf"--{name} \S+/none: no such folder; stage {stage} makes it"
    with pytest.raises(ConfigError, match=message):
        open_experiment(tmp_path / "exp", CONFIG, wrong, 1)
    assert not (tmp_path / "exp").exists()


def test_log_is_not_doubled_when_standard_error_is_that_file(tmp_path, monkeypatch):
    handlers = list(logging.getLogger().handlers)
    path = tmp_path / "train.log"
    with path.open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        with log_to_file(path):
            assert logging.getLogger().handlers == handlers
    with log_to_file(tmp_path / "other.log"):
        logging.getLogger().warning("seen")
    assert "WARNING: seen" in (tmp_path / "other.log").read_text()
    assert logging.getLogger().handlers == handlers


def run(tiny_run, exp, *more):
    config = str(tiny_run.root / "train.yaml")
    return train_bin.main(["--config", config, *tiny_run.arguments, *more, str(exp)])


def written(exp):
    """When each file was, but for the log and who writes it."""
    return {
        path: path.stat().st_mtime_ns
        for path in exp.rglob("*")
        if path.name not in ("train.log", LOCK)
    }


def test_fault_of_the_machine_is_one_line_of_the_log(tiny_run, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runner, "train", full)
    assert run(tiny_run, tmp_path / "exp") == 1
    line = "ERROR: [Errno 28] No space left on device; free some space, and run again\n"
    assert (tmp_path / "exp" / "train.log").read_text().endswith(line)
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"^train: .*Not a directory.*; check the path"):
        run(tiny_run, tmp_path / "file" / "exp")


def test_finished_run_does_nothing_and_says_so(tiny_run, tmp_path):
    exp = tmp_path / "exp"
    short = ["--override", "max_steps=2", "--override", "average=1"]
    assert run(tiny_run, exp, *short) == 0
    before = written(exp)
    assert run(tiny_run, exp, *short) == 0
    assert written(exp) == before
    assert "done already, nothing to do" in (exp / "train.log").read_text()
    assert run(tiny_run, exp) == 1
    assert "is finished with another configuration" in (exp / "train.log").read_text()
    for name in ("images/loss.png", "tensorboard", "dropped.tsv", "2step.pth", "latest.pth"):
        assert (exp / name).exists(), name
    model, config, tokenizer = load_experiment(exp)
    assert config.max_steps == 2 and not model.training
    assert model.vocab_size == tokenizer.vocab_size


def test_start_from_the_weights_of_another_run(tiny_run, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "set_float32_matmul_precision", asked.append)
    short = ["--override", "max_steps=1", "--override", "average=1"]
    assert run(tiny_run, tmp_path / "first", *short) == 0
    changes = [f"init_param=['{tmp_path}/first/latest.pth']", "matmul_precision=medium"]
    changes += ["num_workers=1", "prefetch_batches=1"]
    more = [word for change in changes for word in ("--override", change)]
    assert run(tiny_run, tmp_path / "second", *short, *more) == 0
    log = (tmp_path / "second" / "train.log").read_text()
    assert re.search(r"first/latest\.pth: [1-9]\d* matched, 0 missing, 0 unexpected", log)
    assert asked == ["high", "medium"]
    other = ["--override", "model_conf.feature_size=24", *more]
    assert run(tiny_run, tmp_path / "third", *short, *other) == 1
    message = r"of another shape(.|\n)*set ignore_init_mismatch: true"
    assert re.search(message, (tmp_path / "third" / "train.log").read_text())
    other += ["--override", "ignore_init_mismatch=true"]
    assert run(tiny_run, tmp_path / "fourth", *short, *other) == 0
