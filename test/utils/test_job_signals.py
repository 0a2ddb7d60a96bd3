"""run.pl and stdout.pl when they are interrupted or their terminal closes: no job stays behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

UTILS = Path(__file__).resolve().parents[2] / "utils"
SAVES = "trap 'sleep 0.3; echo saved; exit 0' TERM; echo on; while true; do sleep 0.05; done"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[object]:
    """Function that starts a program of utils/ on a script; what is left in the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        program: str, script: str, *options: str, hangup=signal.SIG_DFL, **streams: object
    ) -> subprocess.Popen[bytes]:
        (tmp_path / "job.sh").write_text(script, encoding="utf-8")
        log = "a.J.log" if options else "a.log"
        process = subprocess.Popen(
            [sys.executable, str(UTILS / program), *options, log, "bash", "job.sh"],
            cwd=tmp_path,
            # These tests may run under nohup themselves.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup),
            **streams,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)


def wait_for(path: Path, text: str) -> None:
    for _ in range(500):
        if path.exists() and text in path.read_text(encoding="utf-8"):
            return
        time.sleep(0.02)
    pytest.fail(f"{path} never contained {text}")


def wait_for_end(pid: int) -> None:
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} lives on")


@pytest.mark.parametrize("program", ["run.pl", "stdout.pl"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_ends_the_whole_job(start, tmp_path: Path, program: str, number: int) -> None:
    script = "sleep 60 & echo $! >pid; echo begun; wait"
    process = start(program, script, "J=1:9", "-tc", "1", stderr=subprocess.PIPE)
    wait_for(tmp_path / "a.1.log", "begun")
    process.send_signal(number)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert b"stopped" in error
    assert (b"Ctrl-C again kills" in error) == (number == signal.SIGINT)
    assert not (tmp_path / "a.2.log").exists()
    wait_for_end(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_second_interrupt_kills_what_does_not_end(start, tmp_path: Path) -> None:
    process = start("run.pl", "trap '' TERM; echo on; while true; do sleep 0.05; done")
    wait_for(tmp_path / "a.log", "\non\n")
    for number in (signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(0.3)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 128 + signal.SIGINT
    assert "signal 9" in (tmp_path / "a.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("program", ["run.pl", "stdout.pl"])
def test_terminal_that_closes_lets_the_job_save(start, tmp_path: Path, program: str) -> None:
    """To write to it is then an error, which must not keep the log from its end."""
    leader, follower = pty.openpty()
    process = start(program, SAVES, stdout=follower, stderr=follower)
    os.close(follower)
    wait_for(tmp_path / "a.log", "\non\n")
    os.close(leader)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=20) == 128 + signal.SIGHUP
    log = (tmp_path / "a.log").read_text(encoding="utf-8")
    assert "\nsaved\n" in log and "# Ended (code 0)" in log


def test_nohup_goes_on(start, tmp_path: Path) -> None:
    script = "echo on; until [ -e end ]; do sleep 0.05; done"
    process = start("run.pl", script, hangup=signal.SIG_IGN)
    wait_for(tmp_path / "a.log", "\non\n")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    (tmp_path / "end").touch()
    assert process.wait(timeout=20) == 0


def test_job_ends_when_nobody_reads_the_screen(start, tmp_path: Path) -> None:
    script = SAVES.replace("sleep 0.05", "sleep 0.05; echo more")
    process = start("stdout.pl", script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout.readline() == b"on\n"
    process.stdout.close()
    assert process.wait(timeout=20) > 0
    wait_for(tmp_path / "a.log", "saved")


def test_processes_that_outlive_the_first_one_are_killed(start, tmp_path: Path) -> None:
    """As the other ranks of a training whose rank 0 was killed."""
    process = start("run.pl", "sleep 60 & echo $! >pid; kill -9 $$")
    assert process.wait(timeout=20) == 1
    wait_for_end(int((tmp_path / "pid").read_text(encoding="utf-8")))


def test_sigusr1_reaches_the_job_which_goes_on(start, tmp_path: Path) -> None:
    script = "trap 'echo saved; exit 0' USR1; echo on; while true; do sleep 0.05; done"
    process = start("run.pl", script)
    wait_for(tmp_path / "a.log", "\non\n")
    process.send_signal(signal.SIGUSR1)
    assert process.wait(timeout=20) == 0
    assert "saved" in (tmp_path / "a.log").read_text(encoding="utf-8")
