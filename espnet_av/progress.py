"""Progress and the time left: a bar on a terminal, a small file for a job runner."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from espnet_av.atomic import atomic_write

T = TypeVar("T")
_WRITE_INTERVAL_SEC = 0.5


class ProgressBar:
    """Counts work done and shows it where somebody is looking.

    With `AV_PROGRESS_FILE` set (job runners set it, one file a job) the state goes there as JSON;
    otherwise a tqdm bar appears when standard error is a terminal; otherwise nothing is shown.
    """

    def __init__(self, total: int, desc: str, unit: str = "it", initial: int = 0) -> None:
        self.total, self.desc, self.done = total, desc, initial
        self._initial, self._started = initial, time.time()
        self._file = os.environ.get("AV_PROGRESS_FILE")
        self._postfix: dict[str, Any] = {}
        self._last_write = 0.0
        self._bar = None
        if self._file:
            self._write_file(force=True)
        elif sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, desc=desc, unit=unit, initial=initial, dynamic_ncols=True, leave=True
            )

    def update(self, n: int = 1, **postfix: Any) -> None:
        """Add `n` finished items; `postfix` are figures to show beside the bar."""
        self.done += n
        self._postfix.update(postfix)
        if self._bar is not None:
            if postfix:
                self._bar.set_postfix(self._postfix, refresh=False)
            self._bar.update(n)
        elif self._file:
            self._write_file(force=self.done >= self.total)

    def show(self, line: str) -> None:
        """A line above the bar, where there is one."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)

    def close(self) -> None:
        """Show the last state and release the terminal line."""
        if self._bar is not None:
            self._bar.close()
        elif self._file:
            self._write_file(force=True)

    def _write_file(self, force: bool) -> None:
        now = time.time()
        if not force and now - self._last_write < _WRITE_INTERVAL_SEC:
            return
        self._last_write = now
        state = {
            "desc": self.desc,
            "done": self.done,
            "initial": self._initial,
            "total": self.total,
            "started": self._started,
            "time": now,
            "postfix": {key: str(value) for key, value in self._postfix.items()},
        }
        with atomic_write(Path(str(self._file))) as stream:
            json.dump(state, stream)


def progress(
    iterable: Iterable[T], *, desc: str, total: int | None = None, unit: str = "it"
) -> Iterator[T]:
    """Iterate over `iterable` while showing progress; `total` defaults to its length."""
    if total is None:
        total = len(iterable)  # type: ignore[arg-type]
    bar = ProgressBar(total, desc, unit)
    try:
        for item in iterable:
            yield item
            bar.update()
    finally:
        bar.close()
