"""Where a training run stands, from its train.log."""

from __future__ import annotations

import re
from pathlib import Path

_STEP = re.compile(r"step (\d+)/(\d+): (.*)$")
_VALID = re.compile(r"step (\d+): valid (.*)$")
_SAVED = re.compile(r"step (\d+): saved$")
_TAIL_BYTES = 1 << 18


def describe_training(exp_dir: Path) -> list[str]:
    """Lines about the last step, validation and checkpoint; none if nothing was trained here."""
    path = exp_dir / "train.log"
    try:
        with path.open("rb") as stream:
            stream.seek(max(stream.seek(0, 2) - _TAIL_BYTES, 0))
            lines = stream.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    found = []
    step = _last(_STEP, lines)
    if step:
        share = int(step[1]) / int(step[2])
        found.append(f"step {step[1]} of {step[2]} ({share:.0%}): {step[3]}")
    valid, saved = _last(_VALID, lines), _last(_SAVED, lines)
    if valid:
        found.append(f"validated at step {valid[1]}: {valid[2]}")
    if saved:
        found.append(f"saved at step {saved[1]}")
    if (exp_dir / ".done").exists():
        found.append("all steps done")
    return found


def _last(pattern: re.Pattern[str], lines: list[str]) -> re.Match[str] | None:
    matches = (pattern.search(line) for line in reversed(lines))
    return next((match for match in matches if match), None)
