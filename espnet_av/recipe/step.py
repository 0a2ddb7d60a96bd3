"""One step of a recipe: what marks it as done, what it depends on, and the jobs that do it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Launcher = Literal["train_cmd", "cuda_cmd", "decode_cmd", "here_cmd"]
"""Variable of cmd.sh that says how a job is started; here_cmd is nothing."""


@dataclass(frozen=True)
class Job:
    """One call of a job runner; `JOB=1:4` among its options makes it four jobs."""

    launcher: Launcher
    """How it starts."""
    words: tuple[str, ...]
    """Options of the runner, its log, the command."""

    def lines(self) -> list[str]:
        """As a line of the plan."""
        return [_line("job", self.launcher, *self.words)]


@dataclass(frozen=True)
class Note:
    """Something that is said, or a function of stage_jobs.sh that shows what was made."""

    words: tuple[str, ...]
    """The function and its arguments."""

    def lines(self) -> list[str]:
        """As a line of the plan."""
        return [_line(*self.words)]


@dataclass(frozen=True)
class Step:
    """Something that is made once, and again when its words or its inputs are others."""

    marker: str
    """File that stands when it is done, with the digest of words and inputs."""
    inputs: tuple[str, ...]
    """Files it depends on: a path or pattern, of which an absent one counts as such; `if:<pattern>`
    for those that are there when the step begins; `fetched:<dir>` for files that came later."""
    words: tuple[str, ...]
    """What was asked for, without what does not change the result, such as the number of jobs. The
    first tells the kind of jobs. Finished work is known by these words: keep them."""
    jobs: tuple[Job, ...]
    """What is started, one after the other."""

    def lines(self) -> list[str]:
        """As lines of the plan."""
        head = _line("once", self.marker, " ".join(filter(None, self.inputs)), *self.words)
        return [head, *(line for job in self.jobs for line in job.lines()), "finished"]


def log(text: str) -> Note:
    """A line for the user, with the time before it."""
    return Note(("log", text))


def not_configured(option: str) -> Note:
    """What is said in place of a step without a configuration."""
    return log(f"    not configured (--{option}), skipped")


def render(parts: Iterable[Step | Note]) -> str:
    """The plan as lines that a shell with stage_jobs.sh can run."""
    return "".join(f"{line}\n" for part in parts for line in part.lines())


def _line(*words: str) -> str:
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """For the shell, in one line whatever is in it."""
    if "\n" not in word:
        return shlex.quote(word)
    escaped = word.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{escaped}'"
