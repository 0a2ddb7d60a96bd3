"""macOS and other systems: bash 3.2, no GNU programs, no Linux calls."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from oracles.tiny_run import make_tiny_run

from espnet_av.cores import num_cores
from espnet_av.train.summary import hardware

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(
    {
        path.resolve()
        for pattern in ("utils/*.sh", "egs2/**/*.sh", "tools/make_fixture_corpus.sh")
        for path in ROOT.glob(pattern)
    }
)
FOREIGN = {
    r"\breadlink -f|(?<!\.)\brealpath\b": "BSD's readlink has no -f before macOS 12",
    r"\bnproc\b|\btac\b|\bshuf\b|\bnumfmt\b|\bsetsid\b|\bmd5sum\b": "no such program",
    r"\btimeout \d": "no such program",
    r"\bsed (-\w+ )*-i": "BSD's sed takes the next word for a suffix",
    r"\bdate (-d|--date)|%[0-9]*N": "GNU's date alone",
    r"-printf|\bstat (-c|--format)|\bsort -V|\bgrep -\w*P|\bxargs (-d|-r)|\bhead -n -": "GNU alone",
    r"\b(cp|ln|mv|rm|ls|df|du|sort|sed|cut|tr|mkdir) --\w": "long options are GNU's",
    r"\b(declare|local|typeset) -\w*[An]": "bash 4: associative arrays, references",
    r"\b(mapfile|readarray|coproc)\b|\bwait -n|\|&|&>>|\[\[ -v ": "bash 4",
    r"\$\{\w+(,,?|\^\^?)\}|\$\{\w+@\w\}|BASHPID|EPOCHSECONDS": "bash 4",
    r"\$\{\w+(\[@\])?:[^}]*: ?-\d": "bash 4: negative lengths",
    r"printf '%\(": "bash 4",
    r"=~ [^$]*\(": "bash 3.2 takes the parentheses for its own; put the expression in a variable",
}
MAY_BE_EMPTY = {"options", "how"}
"""Arrays that some way through a script leaves empty: an error of bash 3.2 under `set -u`."""
PROGRAMS = [
    *(
        "bash",
        "env",
        "cat",
        "cut",
        "date",
        "dirname",
        "basename",
        "find",
        "expand",
        "paste",
        "sort",
    ),
    *("sed", "grep", "seq", "ls", "mkdir", "rm", "tr", "head", "tail", "wc", "cp", "mv", "ln"),
    *("touch", "python3", "perl", "uname", "sleep", "tee"),
]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_are_for_every_system(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    code = {n: line for n, line in enumerate(lines, 1) if not line.lstrip().startswith("#")}
    found = [
        f"{path}:{number}: {line.strip()} ({why})"
        for number, line in code.items()
        for pattern, why in FOREIGN.items()
        if re.search(pattern, line)
    ]
    found += [
        f"{path}:{number}: {name} may be empty"
        for number, line in code.items()
        for name in MAY_BE_EMPTY
        if f'"${{{name}[@]}}"' in line.replace(f'+"${{{name}[@]}}"', "")
    ]
    assert found == []


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A folder of programs as on a Mac: neither sha256sum nor readlink."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in [*PROGRAMS, "shasum"]:
        if place := shutil.which(name):
            (folder / name).symlink_to(place)
    python = folder / "python3"
    python.unlink(missing_ok=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return str(folder)


@pytest.mark.skipif(shutil.which("shasum") is None, reason="needs shasum, of perl")
def test_digests_without_sha256sum(bare_path: str) -> None:
    script = f"cd {ROOT}; . utils/stage_jobs.sh; printf abc | sha256"
    environment = {"PATH": bare_path, "dry_run": "true"}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.skipif(shutil.which("shasum") is None, reason="needs shasum, of perl")
@pytest.mark.parametrize("recipe", ["mini_av/avsr1", "grid/avsr1"])
def test_a_recipe_can_be_walked_through_without_gnu_programs(bare_path: str, recipe: str) -> None:
    environment = {**os.environ, "PATH": bare_path, "VIRTUAL_ENV": "", "cmd_backend": "local"}
    done = subprocess.run(
        ["bash", "run.sh", "--dry_run", "true"],
        cwd=ROOT / "egs2" / recipe,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not found" not in done.stderr


@pytest.mark.parametrize("linked", [False, True])
def test_tools_find_the_package_without_readlink(
    bare_path: str, tmp_path: Path, linked: bool
) -> None:
    tool = ROOT / "utils" / "validate_data_dir.sh"
    if linked:
        (tmp_path / "links").symlink_to(ROOT / "utils")
        (tmp_path / "validate").symlink_to(tmp_path / "links" / tool.name)
        tool = tmp_path / "validate"
    done = subprocess.run(
        ["bash", str(tool), str(tmp_path / "none")],
        cwd=tmp_path,
        env={"PATH": bare_path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{tmp_path}/none: no such data directory" in done.stderr


def test_cores_where_the_system_does_not_tell_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert num_cores() == 6
    assert hardware(0, 1) == "6 CPU cores"
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert num_cores() == 1


def test_jobs_where_the_system_does_not_tell_which_cores(tmp_path: Path) -> None:
    code = (
        "import os, sys; vars(os).pop('sched_getaffinity', None); sys.path.insert(0, sys.argv[1]);"
        "from job_runner import main; sys.exit(main('run.pl', sys.argv[2:]))"
    )
    log = tmp_path / "a.JOB.log"
    command = [
        sys.executable,
        "-c",
        code,
        str(ROOT / "utils"),
        "JOB=1:3",
        str(log),
        "echo",
        "n-JOB",
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert "n-3" in (tmp_path / "a.3.log").read_text("utf-8")


AS_ON_A_MAC = """
import multiprocessing, os, pathlib, sys
from espnet_av.data import workers
multiprocessing.set_start_method("spawn")
vars(os).pop("sched_getaffinity", None)
workers.SHARED_MEMORY = pathlib.Path("/nowhere")
from espnet_av.bin.train import main
sys.exit(main(sys.argv[1:]))
"""
"""Workers are started anew, nothing tells which cores there are, shared memory is no folder."""


def test_training_with_workers_that_are_spawned(tmp_path: Path) -> None:
    run = make_tiny_run(tmp_path)
    short = {"max_steps": 2, "valid_interval_steps": 2, "save_interval_steps": 2, "average": 1}
    weights = []
    for code, num_workers in ((AS_ON_A_MAC, 2), ("", 0)):
        config = run.config(f"{num_workers}.yaml", num_workers=num_workers, **short)
        exp = tmp_path / f"exp{num_workers}"
        started = ["-c", code] if code else ["-m", "espnet_av.bin.train"]
        command = [sys.executable, *started, "--config", str(config), *run.arguments, str(exp)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        weights.append(torch.load(exp / "valid.loss.best.pth", weights_only=True))
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
