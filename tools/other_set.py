#!/usr/bin/env python3
"""Run parity, mini recipes and converters with the other tested set, where an environment of it is.

    tools/other_set.py <folder of the environment> [option of pytest]...

`make other` calls it with OTHER_VENV. An experiment goes from each set to the other there, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from espnet_av.package_set import SETS, set_of  # noqa: E402

TESTS = (
    "test/parity", "test/espnet_av/test_compat.py", "test/espnet_av/test_package_set.py",
    "test/espnet_av/exchange", "test/espnet_av/models/conversion",
    "test/espnet_av/bin/test_convert_command.py", "test/espnet_av/bin/test_convert_mbart.py",
    "test/egs2/test_mini_recipe.py", "test/egs2/test_mini_translation.py",
    "test/egs2/test_mini_pretraining.py", "test/egs2/test_mini_vgs.py",
    "test/egs2/test_other_set.py",
)  # fmt: skip
"""What meets ESPnet, torch and the other packages most."""
_ASK = """
import json, sys
from importlib import metadata
packages = [metadata.version(name) for name in ("espnet", "torch")]
print(json.dumps([list(sys.version_info[:2]), *packages]))
"""


def packages_of(python: Path) -> tuple[tuple[int, int], str, str] | None:
    """Version of a Python, its ESPnet and its torch; None: it does not run, or lacks one."""
    try:
        told = subprocess.run([python, "-c", _ASK], capture_output=True, text=True, check=True)
        (major, minor), espnet, torch = json.loads(told.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return (major, minor), espnet, torch


def main(arguments: list[str]) -> int:
    """Status of pytest; 0 where there is no environment of another set."""
    folder = Path(arguments[0])
    python = folder / "bin/python"
    found, here = packages_of(python), set_of()
    others = [one for one in SETS if one is not here]
    if found is None or set_of(found[0]) not in others or set_of(found[0]).espnet != found[1]:
        print(f"the other tested set: not run, as {folder} is no environment of it. To make one:")
        for one in others:
            print(f"    make install VENV={folder} PYTHON=python{one.pythons[0]}")
        return 0
    print(f"the other tested set: ESPnet {found[1]}, torch {found[2]}, {folder}", flush=True)
    environment = {
        **os.environ,
        "VIRTUAL_ENV": str(folder),
        "PATH": f"{folder}/bin{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "OTHER_PYTHON": sys.executable,
    }
    command = [str(python), "-m", "pytest", "-q", "-rfEs", *arguments[1:], *TESTS]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
