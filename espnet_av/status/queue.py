"""What Slurm's queue says; nothing where there is no Slurm."""

from __future__ import annotations

import subprocess

_TIMEOUT_SEC = 20.0
_NUM_FIELDS = 5


def read_queue() -> dict[str, str] | None:
    """Ask for all jobs and elements of arrays.

    Returns:
        `17` or `17_3` -> state, then reason or place, as `RUNNING on node1 for 1:02:03`. None if
        there is no Slurm, or no answer.
    """
    command = ["squeue", "--noheader", "--array", "--format=%i|%T|%r|%N|%M"]
    try:
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_TIMEOUT_SEC
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    rows = (line.split("|") for line in shown.splitlines())
    return {row[0]: _describe(*row[1:]) for row in rows if len(row) == _NUM_FIELDS}


def _describe(state: str, reason: str, node: str, passed: str) -> str:
    if state == "PENDING":
        return f"PENDING ({reason})"
    return f"{state} on {node} for {passed}"
