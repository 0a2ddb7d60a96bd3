"""The command line that run.pl, slurm.pl and stdout.pl share, and the form of their logs.

`X.pl [options] [JOB=first:last] [options] <log-file> <command> [<argument>...]`, as Kaldi users
know it. Standard library only: these scripts also run where the package is not installed.
"""

from __future__ import annotations

import errno
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

_RANGE = re.compile(r"([A-Za-z_]\w*)=(\d+)(?::(\d+))?")
_MIN_POSITIONAL = 2
TAIL_LINES = 20


class UsageError(Exception):
    """The command line cannot be understood."""


@dataclass(frozen=True)
class JobCommand:
    """One parsed command line.

    `variable` is the name written in `JOB=1:4` (None without a range); it is replaced textually
    by the job's number in the log name and in the command.
    """

    variable: str | None
    first: int
    last: int
    options: dict[str, str]
    passed_on: list[str]
    log: str
    command: list[str]
    flags: frozenset[str] = field(default_factory=frozenset)

    @property
    def indices(self) -> range:
        """Job numbers, ascending."""
        return range(self.first, self.last + 1)

    def log_path(self, index: int | str) -> Path:
        """Log file of job `index`."""
        return Path(self._substitute(self.log, index))

    def shell_line(self, index: int | str) -> str:
        """Command of job `index` as one line for bash."""
        return self._substitute(" ".join(map(quote, self.command)), index)

    def _substitute(self, text: str, index: int | str) -> str:
        return text.replace(self.variable, str(index)) if self.variable else text

    @property
    def log_pattern(self) -> str:
        """Name of the log, or of all of them with a star, for messages."""
        return self._substitute(self.log, "*")


def quote(argument: str) -> str:
    r"""Quote one argument by Kaldi's rule, so that an escaped `\|` or `\>` still reaches bash.

    Without white space it stays bare; with a double quote in it, it is single-quoted; otherwise
    it is double-quoted, so that `$` still expands.
    """
    if re.fullmatch(r"\S+", argument):
        return argument
    if '"' in argument:
        return f"'{argument}'"
    return f'"{argument}"'


def parse(argv: list[str], flags: frozenset[str] = frozenset()) -> JobCommand:
    """Split a command line; `flags` are the long options that take no value.

    Raises:
        UsageError: log or command missing, a range that is empty or starts below 1, or a range
            without its variable in the log name (the jobs would overwrite one another's log).
    """
    rest = list(argv)
    options: dict[str, str] = {}
    passed_on: list[str] = []
    seen_flags: set[str] = set()
    variable, first, last = None, 1, 1
    while rest:
        match = _RANGE.fullmatch(rest[0])
        if match and variable is None:
            variable, first = match[1], int(match[2])
            last = int(match[3] or match[2])
            del rest[0]
        elif rest[0].startswith("-"):
            _take_option(rest, flags, options, passed_on, seen_flags)
        else:
            break
    if len(rest) < _MIN_POSITIONAL:
        msg = "expected [options] [JOB=1:N] <log-file> <command>..."
        raise UsageError(msg)
    if first < 1 or last < first:
        msg = f"bad job range {variable}={first}:{last}: it must be 1 <= first <= last"
        raise UsageError(msg)
    if variable and last > first and variable not in rest[0]:
        msg = f"the log name {rest[0]} must contain {variable}, or jobs share one log"
        raise UsageError(msg)
    return JobCommand(
        variable, first, last, options, passed_on, rest[0], rest[1:], frozenset(seen_flags)
    )


def _take_option(
    rest: list[str],
    flags: frozenset[str],
    options: dict[str, str],
    passed_on: list[str],
    seen_flags: set[str],
) -> None:
    name = rest.pop(0)
    key = name.lstrip("-").replace("-", "_")
    key = {"tc": "max_jobs_run"}.get(key, key)
    if key in flags:
        seen_flags.add(key)
        return
    values = 2 if name == "-pe" else 1
    if len(rest) < values:
        msg = f"option {name} needs a value"
        raise UsageError(msg)
    taken = [rest.pop(0) for _ in range(values)]
    if name.startswith("--") or key == "max_jobs_run":
        options[key] = taken[0]
    else:
        passed_on += [name, *taken]


def cure_of(error: OSError) -> str:
    """What to do about a log that cannot be written or a job that cannot be started."""
    cures = {
        errno.ENAMETOOLONG: "shorten the name, as by --tag",
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some space",
        errno.EMFILE: "raise the limit (ulimit -n 65536), or lower --nj",
        errno.EAGAIN: "raise the limit of processes (ulimit -u), or lower --nj",
    }
    return cures.get(error.errno or 0, "check the path, its owner and mode")


def clock() -> str:
    """Date and time for logs."""
    return time.strftime("%a %b %d %H:%M:%S %Z %Y")


def header(line: str) -> str:
    """First lines of a log."""
    return f"# {line}\n# Started at {clock()}\n#\n"


def footer(returncode: int, seconds: float) -> str:
    """Last lines of a log; a negative `returncode` is the number of the signal that ended it."""
    code = f"code {returncode}" if returncode >= 0 else f"code 0; signal {-returncode}"
    return (
        f"# Accounting: time={seconds:.0f} threads=1\n"
        f"# Ended ({code}) at {clock()}, elapsed time {seconds:.0f} seconds\n"
    )


def log_tail(path: Path, lines: int = TAIL_LINES) -> str:
    """Return the last lines a job wrote, without header and footer."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"    (no log: {error})"
    kept = [line for line in text.splitlines() if not line.startswith("#")]
    return "\n".join(f"    {line}" for line in kept[-lines:])


def report_failure(program: str, job: JobCommand, failed: list[int]) -> None:
    """Name the logs of failed jobs on standard error and show the end of the first one."""
    total = len(job.indices)
    if total == 1:
        message = f"{program}: job failed, log is in {job.log_path(failed[0])}"
    else:
        message = f"{program}: {len(failed)} / {total} failed, log is in {job.log_pattern}"
        message += f"\n{program}: first failed log: {job.log_path(failed[0])}"
    print(message, file=sys.stderr)
    print(log_tail(job.log_path(failed[0])), file=sys.stderr, flush=True)
