"""One line about an installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "differs", "missing", "broken"]
Section = Literal["core", "optional", "machine"]


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    kind: Section
    status: Status
    version: str = ""
    note: str = ""
    """What it means, and the cure where there is something to cure."""
