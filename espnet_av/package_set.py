"""The two sets of packages that this package is tested with, and which of them a Python gets."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

_LOCKS = Path(__file__).resolve().parent / "locks"
GET_PYTHON = (
    "uv python install 3.13, or pyenv install 3.13, or conda create -n espnet_av python=3.13"
)
"""How a Python comes onto a machine, without an administrator too."""


@dataclass(frozen=True, kw_only=True)
class PackageSet:
    """What is tested together; every version is in the lock."""

    espnet: str
    """ESPnet's release, by which the set is called."""
    pythons: tuple[str, ...]
    """Pythons it is for, the newest first."""
    torch: str
    """First two numbers of torch."""

    @property
    def lock(self) -> Path:
        """File with the version of every package."""
        return _LOCKS / f"espnet-{self.espnet}.txt"

    @property
    def description(self) -> str:
        """The set in words."""
        return f"ESPnet {self.espnet}, torch {self.torch}, Python {' and '.join(self.pythons)}"


SETS = (
    PackageSet(espnet="202611", pythons=("3.13", "3.12"), torch="2.14"),
    PackageSet(espnet="202511", pythons=("3.11",), torch="2.11"),
)
"""The newest first."""
PYTHONS = tuple(python for one in SETS for python in one.pythons)
"""Every Python that is tested, the newest first."""


def set_of(version: tuple[int, int] | None = None) -> PackageSet | None:
    """The set for a Python, this one if none is given; None: it is not tested."""
    major, minor = version or sys.version_info[:2]
    wanted = f"{major}.{minor}"
    return next((one for one in SETS if wanted in one.pythons), None)


def read_lock(path: Path) -> dict[str, str]:
    """Tested versions by normalised name; those for other systems and Pythons too."""
    pins: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, version = line.split(";")[0].split("#")[0].partition("==")
        if separator:
            pins[normalised(name.strip())] = version.strip()
    return pins


def normalised(name: str) -> str:
    """A package's name as packages are compared by it."""
    return name.lower().replace("_", "-").replace(".", "-")
