"""Stop requests: finish the step, save, leave."""

from __future__ import annotations

import logging
import os
import signal
from types import FrameType

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP)
EXIT_STOPPED = 75
"""Exit code of a run that was asked to stop, has saved, and can be started again (EX_TEMPFAIL).

slurm.pl's batch script queues such a job again.
"""


class StopRequest:
    """Remembers, inside its `with` block, that somebody asked the process to stop.

    By SIGTERM, SIGUSR1 (Slurm, before the time limit), Ctrl-C, or a terminal that closes, which
    nohup lets it ignore.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> StopRequest:
        self._before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        if self._before[signal.SIGHUP] is signal.SIG_IGN:
            del self._before[signal.SIGHUP]
        for number in self._before:
            signal.signal(number, self._handle)
        self._terminals = [stream for stream in (1, 2) if os.isatty(stream)]
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        if number == signal.SIGHUP:
            self._leave_terminal()
        self.signal = signal.Signals(number)
        logger.warning("%s: finishing the step and saving", self.signal.name)

    def _leave_terminal(self) -> None:
        """Write no more to a terminal that is gone, which would be an error before the save."""
        if self._terminals:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in self._terminals:
                os.dup2(nowhere, stream)
            os.close(nowhere)


def ignore_stop_signals(_worker_id: int = 0) -> None:
    """In a data worker: the training process decides, also when the whole group is signalled."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
