"""The signals that end run.pl, stdout.pl and slurm.pl, or that they pass on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

Handler = Callable[[int, FrameType | None], None]


def install_handler(handler: Handler) -> None:
    """Let `handler` take Ctrl-C, SIGTERM, SIGUSR1 and, but for nohup, a terminal that closes."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        terminals = [stream for stream in (1, 2) if os.isatty(stream)]
        signal.signal(signal.SIGHUP, lambda *arguments: _hang_up(handler, terminals, *arguments))


def _hang_up(handler: Handler, terminals: list[int], number: int, frame: FrameType | None) -> None:
    """Write no more to a terminal that is gone, which would be an error; then `handler`."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in terminals:
        os.dup2(nowhere, stream)
    handler(number, frame)
