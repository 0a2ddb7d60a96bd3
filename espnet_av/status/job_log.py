"""One log of run.pl or slurm.pl: whether its job runs, has ended, or failed."""

from __future__ import annotations

import enum
import fcntl
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SILENT_SEC = 600.0
"""A job without an end in its log that wrote nothing for so long is taken for killed, unless a
process of it is seen."""
_TAIL_BYTES = 65536
_NAME = re.compile(r"(?P<stage>.+?)(?:\.(?P<number>\d+))?")
_START = re.compile(r"^# (?:Started at|Running on) .*$", re.MULTILINE)
_RUNNING_ON = re.compile(r"^# Running on (\S+), job (\S+), start (\d+)$", re.MULTILINE)
_END = re.compile(
    r"^# (?:Ended \(code (\d+)(?:; signal (\d+))?\).*|Finished at .* with status (\d+))$",
    re.MULTILINE,
)
_QUEUED_AGAIN = "; queued again"


class State(enum.Enum):
    """What became of a job, as it is printed."""

    DONE = "done"
    RUNNING = "running"
    QUEUED = "queued"
    FAILED = "failed"
    SILENT = "silent"


@dataclass(frozen=True, kw_only=True)
class JobLog:
    """What a log says."""

    path: Path
    stage: str
    """Name of the program, `decode` of decode.3.log."""
    number: int | None
    """Number of the job in its array; None for a single job."""
    state: State
    reason: str
    """Why a failed job failed; empty for others."""
    silent_sec: float
    """Seconds since it last wrote anything."""
    slurm_job: str | None
    node: str | None
    num_starts: int
    """More than 1 after it was queued again."""
    progress: Mapping[str, Any] | None
    """What a running job last said of itself: desc, done, total, started, time, postfix."""
    tail: tuple[str, ...]
    """Last lines that the program wrote."""


def read_job_log(path: Path, now: float, queue: Mapping[str, str] | None) -> JobLog:
    """Read one log.

    Args:
        path: `<logdir>/<stage>[.<number>].log`.
        now: seconds of `time.time()`.
        queue: Slurm job, as `17_3`, -> what the queue says of it; None where there is no Slurm.

    Raises:
        FileNotFoundError: slurm.pl has removed it, to submit the job again.
    """
    is_open = _is_open(path)  # before the text: a job that ends in between has written its status
    text = _tail(path)
    name = _NAME.fullmatch(path.stem)
    assert name is not None, f"{path} has no name"
    ran_on = _RUNNING_ON.findall(text)
    node, slurm_job, start = ran_on[-1] if ran_on else (None, None, 0)
    progress, written = _progress(path.with_name(f"{path.name}.progress"))
    silent_sec = max(now - max(path.stat().st_mtime, written), 0.0)
    state, reason = _state(text, not is_open and silent_sec >= SILENT_SEC, slurm_job, queue)
    return JobLog(
        path=path,
        stage=name["stage"],
        number=int(name["number"]) if name["number"] else None,
        state=state,
        reason=reason,
        silent_sec=silent_sec,
        slurm_job=slurm_job,
        node=node,
        num_starts=int(start) + 1,
        progress=progress if state is State.RUNNING else None,
        tail=tuple(line for line in text.splitlines() if line and not line.startswith("#")),
    )


def _state(
    text: str, is_silent: bool, slurm_job: str | None, queue: Mapping[str, str] | None
) -> tuple[State, str]:
    starts = [match.end() for match in _START.finditer(text)]
    latest = text[starts[-1] :] if starts else text
    end = _END.search(latest)
    if end:
        code, number, status = (int(value) if value else 0 for value in end.groups())
        if number:
            return State.FAILED, f"killed by signal {number}"
        if code or status:
            saved = ", saved: run it again to go on" if 75 in (code, status) else ""
            return State.FAILED, f"status {code or status}{saved}"
        return State.DONE, ""
    if queue is not None and slurm_job is not None:
        if slurm_job in queue:
            waits = queue[slurm_job].startswith("PENDING")
            return (State.QUEUED if waits else State.RUNNING), ""
        return State.FAILED, f"Slurm job {slurm_job} is gone and left no status"
    if _QUEUED_AGAIN in latest:
        return State.QUEUED, ""
    return (State.SILENT if is_silent else State.RUNNING), ""


def _is_open(path: Path) -> bool:
    """Whether a process of a job of run.pl lives; False where locks do not tell."""
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def _tail(path: Path) -> str:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        # The header has the number of the Slurm job.
        stream.seek(0)
        head = stream.read(min(size, _TAIL_BYTES))
        stream.seek(max(size - _TAIL_BYTES, len(head)))
        return (head + stream.read()).decode(errors="replace")


def _progress(path: Path) -> tuple[Mapping[str, Any] | None, float]:
    try:
        return json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
    except (OSError, ValueError):  # no such file, or it is just being removed
        return None, 0.0
