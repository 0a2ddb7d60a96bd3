"""Two trainings never write into one folder."""

from __future__ import annotations

import errno
import fcntl
import subprocess
import sys

from espnet_av.bin import train as train_bin
from espnet_av.train.folder_lock import only_process

HOLDER = """
import sys
from pathlib import Path
from espnet_av.train.folder_lock import only_process
with only_process(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_training_is_refused_until_the_first_has_ended(tiny_run, tmp_path, repo_root):
    exp = tmp_path / "exp"
    command = [sys.executable, "-c", HOLDER, str(exp)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=repo_root) as first:
        assert first.stdout.readline() == b"held\n"
        config = str(tiny_run.root / "train.yaml")
        assert train_bin.main(["--config", config, *tiny_run.arguments, str(exp)]) == 1
        log = (exp / "train.log").read_text()
        assert f"another process trains in this folder (process {first.pid} on " in log
        assert not (exp / "config.yaml").exists(), "nothing is written"
        first.kill()
    with only_process(exp):
        pass


def test_file_system_without_locks_is_no_reason_not_to_train(tmp_path, monkeypatch, caplog):
    def lockf(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", lockf)
    with only_process(tmp_path / "exp"):
        pass
    assert "no locks (No locks available)" in caplog.text
