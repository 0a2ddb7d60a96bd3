"""The report on a folder: every stage that ran in it, what runs, what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from espnet_av.errors import ConfigError
from espnet_av.status.job_log import JobLog, State, read_job_log
from espnet_av.status.queue import read_queue
from espnet_av.status.training import describe_training

TAIL_LINES = 8
_NUM_FAILED_SHOWN = 3
_BAD = (State.FAILED, State.SILENT)


@dataclass(frozen=True)
class Report:
    """Text, and what it comes to."""

    text: str
    exit_code: int
    """0 all that was started is done, 1 something failed, 3 something runs or waits."""


def report(folder: Path, now: float) -> Report:
    """Look at every `logdir` below `folder`.

    Args:
        folder: an experiment, a dump, or any folder that holds some.
        now: seconds of `time.time()`.

    Raises:
        ConfigError: no such folder, or nothing ran in it.
    """
    paths = _find_logs(folder)
    if not paths:
        what = "holds no logdir/*.log" if folder.is_dir() else "is no folder"
        msg = f"{folder} {what}; give an experiment (exp/<tag>) or a dump (dump/<set>)"
        raise ConfigError(msg)
    jobs = {path: path.read_text().strip() for path in folder.glob("**/logdir/q/*.job")}
    queue = read_queue()  # before the logs: a job that ends in between has written its status
    stages: dict[Path, list[JobLog]] = {}
    for path in paths:
        with suppress(FileNotFoundError):  # slurm.pl removes the logs of a stage that starts again
            log = read_job_log(path, now, queue)
            stages.setdefault(path.parent / log.stage, []).append(log)
    lines = [str(folder)]
    for place, logs in stages.items():
        job_id = jobs.get(place.parent / "q" / f"{place.name}.job")
        lines += _stage_lines(folder, place, logs, now, _in_slurm(job_id, queue or {}))
    return Report("\n".join(lines), _exit_code([log for logs in stages.values() for log in logs]))


def _stage_lines(
    folder: Path, place: Path, logs: Sequence[JobLog], now: float, in_slurm: Mapping[str, str]
) -> list[str]:
    counts = Counter(log.state for log in logs)
    words = [f"{counts[state]} {state.value}" for state in State if counts[state]]
    if len(logs) == 1:
        words = [logs[0].state.value]
    name = (place.parent.parent / place.name).relative_to(folder)
    lines = [f"  {name}: {', '.join(words)}{_progress(logs, now)}"]
    if place.name == "train":
        lines += [f"    {line}" for line in describe_training(place.parent.parent)]
    lines += [f"    Slurm job {job}: {state}" for job, state in in_slurm.items()]
    for log in [log for log in logs if log.num_starts > 1]:
        lines.append(f"    {log.path.name}: started {log.num_starts} times")
    failed = [log for log in logs if log.state in _BAD]
    for log in failed[:_NUM_FAILED_SHOWN]:
        lines += _failure_lines(log)
    if len(failed) > _NUM_FAILED_SHOWN:
        lines.append(f"    and {len(failed) - _NUM_FAILED_SHOWN} more failed")
    return lines


def _progress(logs: Sequence[JobLog], now: float) -> str:
    """What the running jobs of a stage have done in all, and when the last of them will end."""
    states = [log.progress for log in logs if log.progress]
    if not states:
        return ""
    done, total = (sum(state[key] for state in states) for key in ("done", "total"))
    text = f"; {done} of {total} in {len(states)} running" if len(logs) > 1 else ""
    text = text or f"; {done} of {total}"
    left = []
    for state in states:
        fresh = state["done"] - state.get("initial", 0)
        passed = now - state["started"]
        if fresh > 0:
            left.append((state["total"] - state["done"]) * passed / fresh)
    return f"{text}, ETA {_clock(max(left))}" if left else text


def _in_slurm(job_id: str | None, queue: Mapping[str, str]) -> dict[str, str]:
    """Slurm jobs of a stage; of those that wait for the same thing only how many."""
    own = {job: state for job, state in queue.items() if job.split("_")[0] == job_id}
    running = {job: state for job, state in own.items() if not state.startswith("PENDING")}
    counts = Counter(state for job, state in own.items() if job not in running)
    pending = {f"{job_id}, {count} of its jobs": state for state, count in counts.items()}
    return {**running, **pending}


def _failure_lines(log: JobLog) -> list[str]:
    if log.state is State.SILENT:
        quiet = _clock(log.silent_sec)
        why = f"no end in the log and no news for {quiet}: killed, or its machine was"
    else:
        why = log.reason
    lines = [f"    failed: {log.path} ({why})"]
    return lines + [f"        {line}" for line in log.tail[-TAIL_LINES:]]


def _exit_code(logs: Sequence[JobLog]) -> int:
    states = {log.state for log in logs}
    if states & set(_BAD):
        return 1
    return 3 if states & {State.RUNNING, State.QUEUED} else 0


def _find_logs(folder: Path) -> list[Path]:
    """All logs: stages in the order in which they started, the jobs of one by number."""
    started: dict[Path, float] = {}
    paths = []
    for path in folder.glob("**/logdir/*.log"):
        # An experiment's tokens are a copy of a folder that has a report of its own.
        if "tokens" in path.relative_to(folder).parts:
            continue
        with suppress(FileNotFoundError):
            stage, time = _stage(path), path.stat().st_ctime
            started[stage] = min(time, started.get(stage, time))
            paths.append(path)

    def age(path: Path) -> tuple[float, Path, int, str]:
        stage, number = _stage(path), path.stem.partition(".")[2]
        return started[stage], stage, int(number) if number.isdecimal() else 0, path.name

    return sorted(paths, key=age)


def _stage(path: Path) -> Path:
    return path.with_name(path.stem.partition(".")[0])


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
