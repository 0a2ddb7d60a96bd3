"""A submitted Slurm job or job array: wait for it, say what became of it, cancel it."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from job_command import JobCommand, UsageError
from job_progress import JobProgress

_LOG_POLL_SEC = (0.1, 1.0)
_QUEUE_POLL_SEC = (0.5, 20.0)
_POLL_GROWTH = 1.5
_STATUS = re.compile(rb"^# Finished at .* with status (\d+)", re.MULTILINE)
_TAIL_BYTES = 4096
_NFS_WAIT_SEC = 10.0
_MISSING_LIMIT = 3
_QUIET_SEC = 15.0
_CURES = {
    "TIMEOUT": "give it more --time, or run again: what is finished is kept",
    "OUT_OF_MEMORY": "give it more --mem, or fewer loading processes",
    "NODE_FAIL": "run again: what is finished is kept",
    "CANCELLED": "somebody cancelled it",
}


class Submission:
    """One submitted job or job array."""

    def __init__(self, job: JobCommand, job_id: str) -> None:
        self.job, self.job_id = job, job_id
        self._files = [Path(f"{job.log_path(index)}.progress") for index in job.indices]
        self._shown, self._shown_at = "", time.monotonic()

    def wait(self) -> None:
        """Return when every log has its status, or Slurm no longer knows the job."""
        bar = JobProgress(self._files)
        pause, queue_pause, missing = _LOG_POLL_SEC[0], _QUEUE_POLL_SEC[0], 0
        asked_at = time.monotonic()
        while missing < _MISSING_LIMIT and any(map(self.is_open, self.job.indices)):
            time.sleep(pause)
            pause = min(pause * _POLL_GROWTH, _LOG_POLL_SEC[1])
            bar.show()
            if time.monotonic() - asked_at >= queue_pause:
                states = self._queued()
                missing = missing + 1 if states == "" else 0
                queue_pause = min(queue_pause * _POLL_GROWTH, _QUEUE_POLL_SEC[1])
                queue_pause = _QUEUE_POLL_SEC[0] if missing else queue_pause
                asked_at = time.monotonic()
                self._tell(states)
        bar.close()

    def is_open(self, index: int) -> bool:
        """Whether job `index` has not yet written its status."""
        return status(self.job.log_path(index)) is None

    def _queued(self) -> str | None:
        """What the queue says of the job, empty if it is gone, None if nobody answers."""
        command = ["squeue", "--noheader", "--array", "--jobs", self.job_id, "--format", "%T|%r"]
        code, out, error = _ask(command)
        if code != 0:
            # A busy controller is no news; only an unknown id means that the job is gone.
            return "" if "Invalid job id" in error or "No such file" in error else None
        words = (line.lower().partition("|") for line in out.split())
        named = (
            f"{state} ({why})" if why not in ("", "none") else state for state, _, why in words
        )
        return ", ".join(f"{count} {name}" for name, count in sorted(Counter(named).items()))

    def _tell(self, states: str | None) -> None:
        """Say what a long job waits for, each time that this has changed."""
        now = time.monotonic()
        if states and states != self._shown and now - self._shown_at >= _QUIET_SEC:
            print(f"slurm.pl: job {self.job_id}: {states}", file=sys.stderr, flush=True)
            self._shown, self._shown_at = states, now

    def failures(self) -> list[int]:
        """Return the numbers of the jobs that did not end with status 0."""
        deadline = time.monotonic() + _NFS_WAIT_SEC
        while time.monotonic() < deadline:
            # Logs may arrive late; of a job that Slurm has ended no status will come.
            opened = [index for index in self.job.indices if self.is_open(index)]
            if not opened or self._state(opened[0]) in _CURES:
                break
            time.sleep(_LOG_POLL_SEC[1])
        return [index for index in self.job.indices if status(self.job.log_path(index)) != 0]

    def explain(self, index: int) -> str:
        """Return what Slurm knows of a job that left no status."""
        state, name = self._state(index), self._name(index)
        if state is None:
            return f"job {name} left no status (time limit, memory or a failed node?)"
        cure = _CURES.get(state, f"see `sacct -j {name}` and the log of its node")
        return f"job {name} left no status: {state}; {cure}"

    def _name(self, index: int) -> str:
        return f"{self.job_id}_{index}" if self.job.variable else self.job_id

    def _state(self, index: int) -> str | None:
        """State of an ended job, from the controller or, once that has forgotten, accounting."""
        name = self._name(index)
        _, out, _ = _ask(["scontrol", "--oneliner", "show", "job", name])
        match = re.search(r"JobState=(\w+)", out)
        if match is None:
            _, out, _ = _ask(["sacct", "-n", "-X", "-P", "-j", name, "-o", "State"])
            match = re.match(r"(\w+)", out)
        return match[1] if match else None

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Pass SIGUSR1 to the jobs; cancel them on anything else."""
        if number == signal.SIGUSR1:
            subprocess.run(["scancel", "--signal=USR1", self.job_id], check=False)
            return
        print(f"slurm.pl: cancelling job {self.job_id}", file=sys.stderr)
        subprocess.run(["scancel", self.job_id], check=False)
        sys.exit(128 + number)


def status(log: Path) -> int | None:
    """Exit status at the end of a log, or None while there is none."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(size - _TAIL_BYTES, 0))
            found = _STATUS.findall(stream.read())
    except OSError:
        return None
    return int(found[-1]) if found else None


def submit(job: JobCommand, command: Sequence[str]) -> str:
    """Run sbatch; returns the job's id.

    Raises:
        UsageError: sbatch is not there or refuses; with what it said.
    """
    code, out, error = _ask(command)
    match = re.search(r"Submitted batch job (\d+)", out)
    if code != 0 or not match:
        said = (error or out).strip()
        msg = f"sbatch refused {job.log_pattern}: {said}\n  command: {shlex.join(command)}"
        raise UsageError(msg)
    return match[1]


def _ask(command: Sequence[str]) -> tuple[int, str, str]:
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            # Ctrl-C on the terminal is for slurm.pl, which then has to know the job's id.
            start_new_session=True,
        )
    except OSError as error:
        return 127, "", str(error)
    return result.returncode, result.stdout, result.stderr
