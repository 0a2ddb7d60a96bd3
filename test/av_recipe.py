"""A recipe of its own whose programs are pretended: what av.sh starts is noted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CONFIGS = [
    "roi", "dump", "noise", "train_avsr", "decode", "r", "d", "n", "u1", "u2", "units", "mid",
    "ssl", "avssl", "train_big", "train_small", "train_w2v", "train_xlavsr", "train_avh",
]  # fmt: skip

# Stands in for `python3 -m espnet_av.bin.<verb>`: notes the call; everything else runs as it is.
FAKE_PYTHON = f"""#!/usr/bin/env bash
if [ "$1" != -m ] || [ "$2" = espnet_av.bin.plan ]; then exec {sys.executable} "$@"; fi
echo "${{2##*.}} ${{*:3}}" >>"$CALLS"
[ "${{2##*.}}" != "${{FAIL:-}}" ] || {{ echo "no such clip"; exit 1; }}
[ "${{2##*.}}" != score ] || echo "WER 5"
"""


def make_recipe(tmp_path: Path) -> Path:
    """A recipe of its own in a project of its own, with pretended programs."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "egs2/TEMPLATE", root / "egs2/TEMPLATE")
    shutil.copytree(ROOT / "utils", root / "utils")
    folder = root / "egs2/toy/avsr1"
    setup = root / "egs2/TEMPLATE/av1/setup.sh"
    subprocess.run([setup, folder], cwd=root, check=True, capture_output=True)
    (folder / "small").mkdir()
    for name in CONFIGS:
        (folder / f"conf/{name}.yaml").write_text(f"# {name}\n", encoding="utf-8")
        (folder / f"small/{name}.yaml").write_text(f"# small {name}\n", encoding="utf-8")
    for name in ("expected_scores", "other"):
        (folder / f"{name}.yaml").write_text("targets: []\n", encoding="utf-8")
    data = folder / "local/data.sh"
    data.write_text('#!/usr/bin/env bash\necho "data.sh $*" >>"$CALLS"\n', encoding="utf-8")
    data.chmod(0o755)
    python = tmp_path / "venv/bin/python3"
    python.parent.mkdir(parents=True)
    python.write_text(FAKE_PYTHON, encoding="utf-8")
    python.chmod(0o755)
    return folder


def environment(root: Path) -> dict[str, str]:
    """Variables with which the recipe's programs are the pretended ones, and the plan is not."""
    return {"VIRTUAL_ENV": str(root / "venv"), "PYTHONPATH": str(ROOT)}


def run(recipe: Path, *arguments: str, **env: str) -> tuple[int, str, list[str]]:
    """Run av.sh; returns status, output and the programs that were started."""
    root = recipe.parents[3]
    calls = root / "calls"
    calls.unlink(missing_ok=True)
    result = subprocess.run(
        ["bash", "./av.sh", *arguments],
        cwd=recipe,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, **environment(root), "CALLS": str(calls), **env},
    )
    started = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    return result.returncode, result.stdout, started


def verbs(started: list[str]) -> list[str]:
    """First words, without repetition, in order."""
    return list(dict.fromkeys(line.split()[0] for line in started))


def run_script(script: Path, options: dict[str, str], *words: str) -> str:
    """What a recipe's own script prints, its programs being real."""
    result = subprocess.run(
        [
            script,
            *(word for name, value in options.items() for word in (f"--{name}", value)),
            *words,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def places(folder: Path) -> dict[str, str]:
    """Folders of a run, all in one."""
    return {
        name: str(folder / name.removesuffix("dir")) for name in ("datadir", "dumpdir", "expdir")
    }
