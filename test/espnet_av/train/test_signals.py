from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from espnet_av.train.signals import STOP_SIGNALS, StopRequest


def test_signals_are_remembered_and_handlers_restored():
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with StopRequest() as stop:
        assert not stop
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop and stop.signal == signal.SIGUSR1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait([], 1)
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_first_ctrl_c_only_asks():
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT


def test_closed_terminal_asks_but_not_under_nohup():
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with StopRequest() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.signal == signal.SIGHUP
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with StopRequest() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


IN_TERMINAL = """
import os, sys, time
from pathlib import Path
from espnet_av.train.signals import StopRequest
with StopRequest() as stop:
    print("begun", flush=True)
    while not stop:
        time.sleep(0.02)
    print("a line for a terminal that is gone", flush=True)
    print("another", file=sys.stderr, flush=True)
Path(sys.argv[1]).write_text("saved")
"""


def test_terminal_that_closes_does_not_keep_the_run_from_saving(tmp_path: Path):
    master, slave = pty.openpty()
    command = [sys.executable, "-c", IN_TERMINAL, str(tmp_path / "saved")]
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    os.close(slave)
    assert os.read(master, 5) == b"begun"
    os.close(master)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "saved").read_text() == "saved"
