#!/usr/bin/env python3
"""Run a command, or a job array of N numbered copies of it, through Slurm and wait for the end.

Usage: slurm.pl [--config conf/slurm.conf] [--name S] [--time T] [--mem M] [--num-threads N]
                [--gpu N] [--num-nodes N] [--max-jobs-run N] [--dry_run] [JOB=1:N]
                <log-file> <command> [<argument>...]
Each `--option value` becomes the sbatch text that the configuration file gives for it; other
`-x value` pairs go to sbatch as they are. --dry_run prints the batch script and submits nothing.
Ctrl-C and SIGTERM cancel the jobs; SIGUSR1 is passed to them.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from job_command import JobCommand, UsageError, log_tail, parse, report_failure
from job_progress import JobProgress
from slurm_script import batch_script, load_config, sbatch_command, script_path

_POLL_SEC = (0.2, 10.0)
_STATUS = re.compile(r"# Finished at .* with status (\d+)")
_STATUS_LINES = 10
_NFS_WAIT_SEC = 10.0
_MISSING_LIMIT = 3


class Submission:
    """One submitted job or job array."""

    def __init__(self, job: JobCommand, job_id: str) -> None:
        self.job, self.job_id = job, job_id
        self.files = [Path(f"{job.log_path(index)}.progress") for index in job.indices]

    def wait(self) -> None:
        """Return when every log has its status, or Slurm no longer knows the job."""
        bar = JobProgress(self.files)
        pause, missing = _POLL_SEC[0], 0
        while missing < _MISSING_LIMIT and any(map(self.is_open, self.job.indices)):
            time.sleep(pause)
            pause = min(pause * 1.5, _POLL_SEC[1])
            missing = 0 if self._is_queued() else missing + 1
            bar.show()
        bar.close()

    def is_open(self, index: int) -> bool:
        """Whether job `index` has not yet written its status."""
        return status(self.job.log_path(index)) is None

    def _is_queued(self) -> bool:
        try:
            result = subprocess.run(
                ["squeue", "--noheader", "--jobs", self.job_id, "--format", "%i %T"],
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            return False
        if result.returncode != 0:
            # A busy controller is no news; only an unknown id means that the job is gone.
            return "Invalid job id" not in result.stderr
        return bool(result.stdout.strip())

    def failures(self) -> list[int]:
        """Return the numbers of the jobs that did not end with status 0."""
        deadline = time.monotonic() + _NFS_WAIT_SEC
        while any(map(self.is_open, self.job.indices)) and time.monotonic() < deadline:
            time.sleep(_POLL_SEC[0])
        return [index for index in self.job.indices if status(self.job.log_path(index)) != 0]

    def explain(self, index: int) -> str:
        """Return what Slurm's accounting says of a job that left no status."""
        name = f"{self.job_id}_{index}" if self.job.variable else self.job_id
        try:
            result = subprocess.run(
                ["sacct", "-n", "-X", "-P", "-j", name, "-o", "JobID,State,ExitCode,Reason"],
                capture_output=True,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            return f"job {name} left no status (time limit, memory or a failed node?)"
        return f"job {name} left no status; sacct: {result.stdout.strip() or 'nothing'}"

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
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_STATUS_LINES:]
    except OSError:
        return None
    found = [int(match[1]) for match in map(_STATUS.match, lines) if match]
    return found[-1] if found else None


def submit(job: JobCommand, command: list[str]) -> str:
    """Run sbatch; returns the job's id."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.search(r"Submitted batch job (\d+)", result.stdout)
    if result.returncode != 0 or not match:
        said = (result.stderr or result.stdout).strip()
        msg = f"sbatch refused {job.log_pattern}: {said}\n  command: {shlex.join(command)}"
        raise UsageError(msg)
    return match[1]


def prepare(job: JobCommand) -> tuple[str, list[str], Path]:
    """Return the batch script, the sbatch command line and where the script goes."""
    config = load_config(Path(job.options.get("config", "conf/slurm.conf")))
    path = script_path(job)
    return batch_script(job), sbatch_command(job, config, path), path


def install_handlers(handler: Callable[[int, FrameType | None], None]) -> None:
    """Let `handler` take Ctrl-C, SIGTERM and SIGUSR1."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, handler)


def run(job: JobCommand) -> int:
    """Submit and wait; returns the exit status."""
    script, command, path = prepare(job)
    if "dry_run" in job.flags:
        print(f"# {shlex.join(command)}\n{script}", end="")
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    for index in job.indices:
        job.log_path(index).parent.mkdir(parents=True, exist_ok=True)
        job.log_path(index).unlink(missing_ok=True)
    submission = Submission(job, submit(job, command))
    install_handlers(submission.on_signal)
    submission.wait()
    failed = submission.failures()
    if failed:
        report_failure("slurm.pl", job, failed)
        for index in [index for index in failed if submission.is_open(index)][:1]:
            print(f"slurm.pl: {submission.explain(index)}", file=sys.stderr)
            print(log_tail(path.with_suffix(".log")), file=sys.stderr)
        return 1
    return 0


def main(argv: list[str]) -> int:
    """Parse and run; returns the exit status."""
    try:
        return run(parse(argv, flags=frozenset({"dry_run"})))
    except UsageError as error:
        print(f"slurm.pl: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
