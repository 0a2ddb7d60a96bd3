"""One progress line for many jobs, summed over the small files in which each reports its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_BAR_WIDTH = 24
_BAR_INTERVAL_SEC = 0.5
_PLAIN_INTERVAL_SEC = 30.0


class JobProgress:
    """Shows done/total and the time left: a bar on a terminal, lines with AV_PROGRESS=plain."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = list(files)
        self._terminal = sys.stderr.isatty()
        self._enabled = self._terminal or os.environ.get("AV_PROGRESS") == "plain"
        self._interval = _BAR_INTERVAL_SEC if self._terminal else _PLAIN_INTERVAL_SEC
        self._last = time.monotonic()
        self._shown = False
        self.clear()

    def clear(self) -> None:
        """Remove the files of an earlier or finished run."""
        for path in self._files:
            path.unlink(missing_ok=True)

    def show(self) -> None:
        """Print the state if it is time to."""
        if self._enabled and time.monotonic() - self._last >= self._interval:
            self._last = time.monotonic()
            self._print()

    def close(self) -> None:
        """Print the last state, end the line and remove the files."""
        if self._enabled and self._shown:
            self._print()
            if self._terminal:
                sys.stderr.write("\n")
        self.clear()

    def _print(self) -> None:
        states = [state for state in map(_read, self._files) if state]
        if not states:
            return
        text = summary(states, len(self._files), time.time())
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r" + text[:width].ljust(width))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()
        self._shown = True


def summary(states: Sequence[dict[str, Any]], num_jobs: int, now: float) -> str:
    """Describe the sum of the jobs' states; jobs that have not reported count as the mean one."""
    done = sum(state["done"] for state in states)
    total = sum(state["total"] for state in states) * num_jobs / len(states)
    fresh = done - sum(state.get("initial", 0) for state in states)
    seconds = now - min(state.get("started", now) for state in states)
    share = min(done / total, 1.0) if total else 1.0
    left = f"ETA {clock((total - done) * seconds / fresh)}" if fresh > 0 else "ETA --:--"
    bar = ("#" * int(share * _BAR_WIDTH)).ljust(_BAR_WIDTH, ".")
    postfix = states[-1].get("postfix") or {}
    shown = " ".join(f"{key}={value}" for key, value in postfix.items())
    left = f"took {clock(seconds)}" if share == 1.0 else left
    return f"{states[-1]['desc']}: {share:4.0%} [{bar}] {done}/{total:.0f} {left} {shown}".rstrip()


def clock(seconds: float) -> str:
    """Render a duration as m:ss or h:mm:ss."""
    minutes, sec = divmod(round(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{sec:02d}" if hours else f"{minutes}:{sec:02d}"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
