"""What made an output: command, date, git commit, versions and seed, saved beside it."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from espnet_av import __version__
from espnet_av.atomic import atomic_write
from espnet_av.config import save_yaml

_PACKAGES = (
    "espnet", "torch", "torchaudio", "lightning", "numpy", "av", "opencv-python-headless",
    "sentencepiece",
)  # fmt: skip


def git_hash() -> str:
    """Commit of the source tree, with `-dirty` when it has local changes; 'unknown' outside git."""
    root = Path(__file__).resolve().parent.parent
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        result = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return result.stdout.strip()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version(), "espnet_av": __version__}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_provenance(out_dir: str | Path, config: Any = None, seed: int | None = None) -> None:
    """Write `provenance.yaml` (and `config.yaml` when a config dataclass is given) to `out_dir`."""
    out_dir = Path(out_dir)
    record = {
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_hash(),
        "versions": versions(),
        "seed": seed,
    }
    with atomic_write(out_dir / "provenance.yaml") as stream:
        yaml.safe_dump(record, stream, sort_keys=False, allow_unicode=True)
    if config is not None:
        save_yaml(config, out_dir / "config.yaml")
