from __future__ import annotations

import os
import signal

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
