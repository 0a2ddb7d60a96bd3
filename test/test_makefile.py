"""What `make` removes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_cleaning_keeps_experiments(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    model, mini = (tmp_path / f"egs2/{name}/avsr1/exp" for name in ("muavic", "mini_av"))
    cache = tmp_path / "espnet_av/__pycache__"
    for folder in (model, mini, cache):
        folder.mkdir(parents=True)
    for target, left in (("clean", [True, True, False]), ("distclean", [True, False, False])):
        subprocess.run(["make", target], cwd=tmp_path, check=True, capture_output=True)
        assert [folder.exists() for folder in (model, mini, cache)] == left
