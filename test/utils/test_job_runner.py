"""How run.pl starts a job: in a session of its own, with a locked log and nothing to read."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = str(Path(__file__).resolve().parents[2] / "utils" / "run.pl")


@pytest.fixture
def job(tmp_path):
    """A job that reads its input to its end and waits: run.pl's process, the log."""
    log = tmp_path / "a.log"
    command = "cat; echo $$ > pid.part; mv pid.part pid; sleep 60"
    with subprocess.Popen(
        [sys.executable, RUN, "a.log", "bash", "-c", command], cwd=tmp_path, stdin=subprocess.PIPE
    ) as process:
        try:
            for _ in range(600):
                if (tmp_path / "pid").exists():
                    break
                time.sleep(0.05)
            yield process, log
        finally:
            process.terminate()
            process.wait()


def test_a_job_has_a_session_of_its_own_and_nothing_to_read(job, tmp_path):
    pid = int((tmp_path / "pid").read_text())
    assert os.getsid(pid) == pid != os.getsid(0)
    assert os.getpgid(pid) == pid


def test_the_log_is_locked_while_the_job_lives(job):
    process, log = job
    with log.open("ab") as stream, pytest.raises(BlockingIOError):
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM
    with log.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
