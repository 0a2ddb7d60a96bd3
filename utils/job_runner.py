"""Numbered jobs on this machine, each with its log: what run.pl and stdout.pl share."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from job_command import JobCommand, UsageError, cure_of, footer, header, parse, report_failure
from job_progress import JobProgress
from job_signals import install_handler

_POLL_SEC = (0.01, 0.2)


@dataclass
class Running:
    """One started job: its process, when it started, and the GPUs lent to it."""

    process: subprocess.Popen[bytes]
    started: float
    gpus: list[str]
    num_shown: int
    """Bytes of the log that are on the screen, or need not be."""


class Runner:
    """Keeps at most `limit` jobs running until all have ended.

    With `on_screen` jobs run one after another and what they write is also shown.
    """

    def __init__(self, job: JobCommand, on_screen: bool) -> None:
        self.job, self.on_screen = job, on_screen
        self.num_gpus = int(job.options.get("gpu", 0))
        self.free_gpus = list_gpus() if self.num_gpus else []
        if self.num_gpus > len(self.free_gpus):
            msg = f"--gpu {self.num_gpus} asked for, {len(self.free_gpus)} found here; lower --ngpu"
            raise UsageError(msg)
        if int(job.options.get("num_nodes", 1)) > 1:
            msg = "jobs run on one machine here; set cmd_backend=slurm in cmd.sh for --num_nodes"
            raise UsageError(msg)
        limit = int(job.options.get("max_jobs_run", _num_cores()))
        self.limit = 1 if on_screen else limit
        self.running: dict[int, Running] = {}
        self.failed: list[int] = []
        self.sent: list[int] = []
        self.stopped_by: int | None = None

    def run(self) -> list[int]:
        """Run every job; returns the numbers of those that failed."""
        waiting = list(self.job.indices)
        files = [progress_file(self.job.log_path(index)) for index in waiting]
        bar = JobProgress(files)
        pause = _POLL_SEC[0]
        while waiting or self.running:
            while waiting and self.stopped_by is None and self._has_room():
                index, num_sent = waiting.pop(0), len(self.sent)
                self.running[index] = self._start(index)
                for number in self.sent[num_sent:]:
                    # The signal came while the job was starting, and missed it.
                    _signal_group(self.running[index], number)
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
        with log.open("ab") as stream:
            with suppress(OSError):  # some file systems have no locks
                # The processes of the job hold it to their end: `status` sees that one lives.
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A session of its own: Ctrl-C reaches this script alone, which then ends the group.
            process = subprocess.Popen(
                ["bash", "-c", line],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=self._environment(log, lent),
                start_new_session=True,
            )
        return Running(process, time.time(), lent, len(header(line).encode()))

    def _environment(self, log: Path, gpus: list[str]) -> dict[str, str]:
        env = dict(os.environ)
        if not self.on_screen:
            env["AV_PROGRESS_FILE"] = str(progress_file(log).resolve())
        if "num_threads" in self.job.options:
            env["OMP_NUM_THREADS"] = self.job.options["num_threads"]
        if gpus:
            env["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
        return env

    def _collect(self) -> bool:
        """Note the jobs that ended; returns whether any did."""
        ended = [index for index, item in self.running.items() if item.process.poll() is not None]
        if self.on_screen:
            for index, item in self.running.items():
                _show(self.job.log_path(index), item)
        for index in ended:
            item = self.running.pop(index)
            if not self.sent:
                # Processes that outlive the first one wait for it in vain, and keep the GPUs; but
                # after a signal they may be saving.
                _signal_group(item, signal.SIGKILL)
            self.free_gpus += item.gpus
            code = item.process.returncode
            with self.job.log_path(index).open("a", encoding="utf-8") as stream:
                stream.write(footer(code, time.time() - item.started))
            if code != 0:
                self.failed.append(index)
        return bool(ended)

    def send(self, number: int) -> None:
        """Send a signal to the process group of every running job."""
        self.sent.append(number)
        for item in list(self.running.values()):
            _signal_group(item, number)

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Pass SIGUSR1 on; on others end the jobs, which may first save, as long as that takes."""
        if number == signal.SIGUSR1:
            self.send(signal.SIGUSR1)
        elif self.stopped_by is None:
            self.stopped_by = number
            self.send(signal.SIGTERM)
            if number == signal.SIGINT:
                os.write(2, b"\nending the jobs, which may save first; Ctrl-C again kills them\n")
        elif number == signal.SIGINT:
            # A second Ctrl-C is impatience; av.sh's SIGTERM that follows the first is not.
            self.send(signal.SIGKILL)


def _num_cores() -> int:
    """Cores that this process may use; macOS tells only how many there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _signal_group(item: Running, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(item.process.pid, number)


def _show(log: Path, item: Running) -> None:
    """Copy to the screen what a job has written since the last look."""
    with log.open("rb") as stream:
        stream.seek(item.num_shown)
        text = stream.read()
    item.num_shown += len(text)
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


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


def main(program: str, argv: list[str], on_screen: bool = False) -> int:
    """Run the jobs of the command line of `program`; returns the exit status."""
    try:
        runner = Runner(parse(argv), on_screen)
    except (UsageError, ValueError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    install_handler(runner.on_signal)
    try:
        failed = runner.run()
    except BaseException as error:
        # As when the reader of our output has gone: nobody would collect the jobs.
        runner.send(signal.SIGTERM)
        if not isinstance(error, OSError) or isinstance(error, BrokenPipeError):
            raise
        print(f"{program}: {error}; {cure_of(error)}, and run again", file=sys.stderr)
        return 1
    if runner.stopped_by is not None:
        print(f"{program}: stopped, log is in {runner.job.log_pattern}", file=sys.stderr)
        return 128 + runner.stopped_by
    if failed:
        report_failure(program, runner.job, failed)
        return 1
    return 0
