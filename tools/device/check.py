"""Runs the steps of the device check one by one and keeps a page of what was seen."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from steps import ROOT, Step, steps

BUDGET_SEC = 570
"""Of all steps together; ten minutes is what such machines are lent for at a time."""
TAIL_LINES = 12
"""Of a step that failed."""


@dataclass(frozen=True)
class Outcome:
    """Of one step."""

    step: Step
    state: str
    """`ran`, `failed`, `over its limit` or `not run`."""
    seconds: float
    text: str
    """Its page, or its last lines."""


def main() -> None:
    """Run what the budget allows; the exit status tells whether all steps ran."""
    args = parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    end = time.monotonic() + args.budget
    outcomes: list[Outcome] = []
    chosen = [step for step in steps() if not args.only or step.name in args.only]
    for number, step in enumerate(chosen):
        left = end - time.monotonic()
        limit = min(args.limit or step.limit_sec, left)
        if limit < 1:
            outcomes.append(Outcome(step, "not run", 0.0, "no time was left"))
        else:
            folder = args.work / f"step{number}"
            folder.mkdir(parents=True)
            outcomes.append(run(step, step.tiny if args.tiny else step.paper, args, folder, limit))
        print(f"{outcomes[-1].state}, {outcomes[-1].seconds:.0f} s: {step.name}", flush=True)
        args.out.write_text(page(args, outcomes, chosen), encoding="utf-8")
    sys.exit(any(outcome.state != "ran" for outcome in outcomes))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="results file (markdown)")
    parser.add_argument("--work", type=Path, required=True, help="scratch folder")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="tiny sizes: a rehearsal")
    parser.add_argument("--only", nargs="+", help="names of steps")
    parser.add_argument("--limit", type=float, help="seconds of each step, instead of its own")
    parser.add_argument("--budget", type=float, default=BUDGET_SEC, help="seconds of all steps")
    args = parser.parse_args()
    unknown = set(args.only or ()) - {step.name for step in steps()}
    if unknown:
        names = ", ".join(repr(step.name) for step in steps())
        parser.error(f"--only {', '.join(sorted(unknown))}: the steps are {names}")
    return args


def run(
    step: Step, command: tuple[str, ...], args: argparse.Namespace, folder: Path, limit: float
) -> Outcome:
    """One step in a process group of its own, which is ended at its limit."""
    out, log = folder / "page.md", folder / "log"
    values = {"DEVICE": args.device, "WORK": str(folder / "work"), "OUT": str(out)}
    arguments = [values.get(part, part) for part in command if part]
    start = time.monotonic()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            state = "ran" if process.wait(limit) == 0 else "failed"
        except subprocess.TimeoutExpired:
            state = "over its limit"
        finally:
            _end(process)
    text = out.read_text(encoding="utf-8") if out.exists() and state == "ran" else _tail(log)
    return Outcome(step, state, time.monotonic() - start, text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a step, its own children included."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(["```", *lines[-TAIL_LINES:], "```"])


def page(args: argparse.Namespace, outcomes: list[Outcome], chosen: list[Step]) -> str:
    """What ran and what did not, then the page of each step."""
    waiting = [Outcome(step, "not run", 0.0, "") for step in chosen[len(outcomes) :]]
    size = "tiny sizes, a rehearsal" if args.tiny else "sizes of the papers"
    ran = sum(outcome.state == "ran" for outcome in outcomes)
    lines = [
        "# Device check",
        "",
        f"{datetime.date.today()}; device {args.device}; {size}; {ran} of {len(chosen)} steps ran.",
        "",
        "| step | | s |",
        "|---|---|--:|",
        *(f"| {o.step.name} | {o.state} | {o.seconds:.0f} |" for o in (*outcomes, *waiting)),
        "",
        "Not among them: more than one process, which takes several devices; the probes of SUPERB,"
        " which need a trained model below them.",
        "",
    ]
    for outcome in outcomes:
        lines += [f"## {outcome.step.title}", "", _lowered(outcome.text).strip(), ""]
    return "\n".join(lines)


def _lowered(text: str) -> str:
    """A page as a part of this one: its headings two levels down."""
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in text.splitlines())


if __name__ == "__main__":
    main()
