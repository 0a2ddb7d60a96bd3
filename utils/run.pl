#!/usr/bin/env python3
"""Run a command, or N numbered copies of it in parallel, on this machine, each with its log.

Usage: run.pl [--max-jobs-run N | -tc N] [--gpu N] [JOB=1:N] <log-file> <command> [<argument>...]
Other `--option value` pairs (--mem, --num-threads, --time, ...) are accepted and ignored, so that
cmd.sh can name a cluster's options. Ctrl-C ends the jobs; SIGTERM and SIGUSR1 are passed to them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from job_command import JobCommand, UsageError, footer, header, parse, report_failure
from job_progress import JobProgress

_GRACE_SEC = 60.0
_POLL_SEC = (0.01, 0.2)


@dataclass
class Running:
    """One started job: its process, when it started, and the GPUs lent to it."""

    process: subprocess.Popen[bytes]
    started: float
    gpus: list[str]


class Runner:
    """Keeps at most `limit` jobs running until all have ended."""

    def __init__(self, job: JobCommand) -> None:
        self.job = job
        self.num_gpus = int(job.options.get("gpu", 0))
        self.free_gpus = list_gpus() if self.num_gpus else []
        if self.num_gpus > len(self.free_gpus):
            msg = f"--gpu {self.num_gpus} asked for, {len(self.free_gpus)} found here; lower --ngpu"
            raise UsageError(msg)
        if int(job.options.get("num_nodes", 1)) > 1:
            msg = "run.pl runs on one machine; set cmd_backend=slurm in cmd.sh for --num_nodes"
            raise UsageError(msg)
        self.limit = int(job.options.get("max_jobs_run", len(os.sched_getaffinity(0))))
        self.running: dict[int, Running] = {}
        self.failed: list[int] = []
        self.stopped_by: int | None = None

    def run(self) -> list[int]:
        """Run every job; returns the numbers of those that failed."""
        waiting = list(self.job.indices)
        files = [progress_file(self.job.log_path(index)) for index in waiting]
        bar = JobProgress(files)
        pause = _POLL_SEC[0]
        while waiting or self.running:
            while waiting and self.stopped_by is None and self._has_room():
                index = waiting.pop(0)
                self.running[index] = self._start(index)
                if self.stopped_by is not None:
                    # The signal came while the job was starting, and missed it.
                    self.send(signal.SIGTERM)
            ended = self._collect()
            bar.show()
            if self.stopped_by is not None:
                waiting.clear()
            pause = _POLL_SEC[0] if ended else min(pause * 1.5, _POLL_SEC[1])
            time.sleep(pause)
        bar.close()
        return sorted(self.failed)

    def _has_room(self) -> bool:
        return len(self.running) < self.limit and len(self.free_gpus) >= self.num_gpus

    def _start(self, index: int) -> Running:
        log = self.job.log_path(index)
        log.parent.mkdir(parents=True, exist_ok=True)
        line = self.job.shell_line(index)
        log.write_text(header(line), encoding="utf-8")
        lent = [self.free_gpus.pop(0) for _ in range(self.num_gpus)]
        env = {**os.environ, "AV_PROGRESS_FILE": str(progress_file(log).resolve())}
        if "num_threads" in self.job.options:
            env["OMP_NUM_THREADS"] = self.job.options["num_threads"]
        if lent:
            env["CUDA_VISIBLE_DEVICES"] = ",".join(lent)
        with log.open("ab") as stream:
            # A session of its own: Ctrl-C reaches this script alone, which then ends the group.
            process = subprocess.Popen(
                ["bash", "-c", line],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=env,
                start_new_session=True,
            )
        return Running(process, time.time(), lent)

    def _collect(self) -> bool:
        """Note the jobs that ended; returns whether any did."""
        ended = [index for index, item in self.running.items() if item.process.poll() is not None]
        for index in ended:
            item = self.running.pop(index)
            self.free_gpus += item.gpus
            code = item.process.returncode
            with self.job.log_path(index).open("a", encoding="utf-8") as stream:
                stream.write(footer(code, time.time() - item.started))
            if code != 0:
                self.failed.append(index)
        return bool(ended)

    def send(self, number: int) -> None:
        """Send a signal to the process group of every running job."""
        for item in list(self.running.values()):
            try:
                os.killpg(item.process.pid, number)
            except ProcessLookupError:
                continue

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Pass SIGUSR1 on; on SIGTERM and Ctrl-C end the jobs, which may first save their state."""
        if number == signal.SIGUSR1:
            self.send(signal.SIGUSR1)
            return
        if self.stopped_by is not None:
            # A second Ctrl-C is impatience; av.sh's SIGTERM that follows the first is not.
            if number == signal.SIGINT:
                self.send(signal.SIGKILL)
            return
        self.stopped_by = number
        self.send(signal.SIGTERM)
        signal.signal(signal.SIGALRM, lambda *_: self.send(signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, _GRACE_SEC)


def progress_file(log: Path) -> Path:
    """File in which the job that writes `log` reports how far it is."""
    return log.with_name(log.name + ".progress")


def list_gpus(env: Mapping[str, str] = os.environ) -> list[str]:
    """Identifiers of the GPUs that jobs may use."""
    visible = env.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip()]
    try:
        result = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [str(i) for i, line in enumerate(result.stdout.splitlines()) if line.startswith("GPU")]


def main(argv: list[str]) -> int:
    """Run the jobs; returns the exit status."""
    try:
        runner = Runner(parse(argv))
    except (UsageError, ValueError) as error:
        print(f"run.pl: {error}", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, runner.on_signal)
    failed = runner.run()
    if runner.stopped_by is not None:
        print(f"run.pl: stopped, log is in {runner.job.log_pattern}", file=sys.stderr)
        return 128 + runner.stopped_by
    if failed:
        report_failure("run.pl", runner.job, failed)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
