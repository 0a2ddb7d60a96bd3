"""Which Python `make` takes: the newest tested one that really runs; others are refused at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NO_VARIABLES = "sysconfig.get_config_var = lambda name: None"
"""Those of another system cannot be read here."""
PROGRAMS = ("sh", "cat", "sort", "make", "dirname")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder for the PATH, without any Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).symlink_to(shutil.which(name))
    return folder


def write(place: Path, body: str) -> Path:
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    place.chmod(0o755)
    return place


def python(place: Path, version: str, change: str = "pass") -> Path:
    """A Python that says it is another one."""
    major, minor = version.split(".")
    # What is asked about is imported before it is changed.
    known = "import sys, sysconfig, platform, ensurepip, venv, ssl, ctypes, sqlite3, lzma, bz2"
    code = f"{known}; sys.version_info = ({major}, {minor}, 0); {change}; exec(sys.stdin.read())"
    return write(place, f"exec '{sys.executable}' -c '{code}' \"$@\"")


def shim(place: Path) -> Path:
    return write(place, 'echo "pyenv: $0: command not found" >&2; exit 127')


@pytest.fixture
def find(repo_root: Path, path: Path):
    def run(*arguments: str | Path, more: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(repo_root / "tools/find_python.sh"), *map(str, arguments)],
            env={"PATH": f"{path}{more}"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_the_newest_is_taken(find, path: Path) -> None:
    python(path / "python3.11", "3.11")
    python(path / "python3", "3.10")
    newer = python(path / "python3.12", "3.12")
    assert find().stdout == f"{newer}\n"
    newest = python(path / "python", "3.13")
    assert find().stdout == f"{newest}\n", "whatever it is called"


def test_a_name_that_only_prints_an_error_is_none(find, path: Path, tmp_path: Path) -> None:
    for name in ("python3.13", "python3", "python"):
        shim(path / name)
    real = python(tmp_path / "later/python3.13", "3.13")
    python(tmp_path / "later/python3.11", "3.11")
    assert find(more=f":{real.parent}").stdout == f"{real}\n", (
        "later on the PATH under the same name"
    )


def test_without_any_it_says_what_there_is_and_how_to_get_one(find, path: Path) -> None:
    old, broken = python(path / "python3", "3.10"), shim(path / "python3.13")
    done = find()
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{old}: is Python 3.10\n" in done.stderr
    assert f"{broken}: does not run\n" in done.stderr
    for cure in ("uv python install", "pyenv install", "conda create", "python3.13-venv"):
        assert cure in done.stderr
    assert "nothing was installed" in done.stderr


def test_nothing_on_the_path(find) -> None:
    done = find()
    assert done.returncode == 1
    assert "no Python on the PATH can be used\n" in done.stderr


@pytest.mark.parametrize(
    ("version", "change", "fault"),
    [
        ("3.10", "pass", "is Python 3.10"),
        ("3.14", "pass", "is Python 3.14"),
        ("2.7", "pass", "is Python 2.7"),
        (
            "3.13",
            'sys.modules["ensurepip"] = sys.modules["ssl"] = None',
            "lacks ensurepip, lacks ssl",
        ),
        (
            "3.12",
            'platform.python_implementation = lambda: "PyPy"',
            "no usual CPython",
        ),
        (
            "3.13",
            "sysconfig.get_config_var = lambda name: 1",
            "is no usual CPython, and torch has no builds",
        ),
        ("3.13", "sys.maxsize = 2**31 - 1", "a processor that torch has no builds for"),
        (
            "3.12",
            f'{NO_VARIABLES}; sys.platform = "darwin"; platform.machine = lambda: "x86_64"',
            "no builds for: x86_64",
        ),
        (
            "3.11",
            f'{NO_VARIABLES}; sys.platform = "win32"',
            "WSL2",
        ),
    ],
)
def test_the_one_that_is_given_is_checked(find, tmp_path: Path, version, change, fault) -> None:
    given = python(tmp_path / "a/python", version, change)
    done = find(given)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{given}: " in done.stderr
    assert fault in done.stderr


def test_a_mac_of_apple_is_fine(find, tmp_path: Path) -> None:
    change = f'{NO_VARIABLES}; sys.platform = "darwin"; platform.machine = lambda: "arm64"'
    given = python(tmp_path / "a/python", "3.13", change)
    assert find(given).stdout == f"{given}\n"


def test_one_that_is_not_there(find, tmp_path: Path) -> None:
    done = find(tmp_path / "none")
    assert f"{tmp_path}/none: does not run" in done.stderr


@pytest.fixture
def project(repo_root: Path, tmp_path: Path) -> Path:
    """The files that `make install` begins with."""
    folder = tmp_path / "project"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(repo_root / "Makefile", folder)
    shutil.copy(repo_root / "setup.py", folder)
    shutil.copy(repo_root / "tools/find_python.sh", folder / "tools")
    (folder / "tools/install.py").write_text("import sys; print('installed', *sys.argv[1:])\n")
    return folder


def make(project: Path, path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "install", *arguments]
    return subprocess.run(
        command,
        cwd=project,
        env={"PATH": f"{path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_refuses_before_it_makes_anything(project: Path, path: Path) -> None:
    given = python(path / "old", "3.10")
    done = make(project, path, f"PYTHON={given}")
    assert done.returncode != 0
    assert f"{given}: is Python 3.10" in done.stderr
    assert "installed" not in done.stdout
    assert not (project / ".venv").exists()


def test_make_refuses_an_environment_of_another_python(project: Path, path: Path) -> None:
    (project / ".venv").mkdir()
    (project / ".venv/pyvenv.cfg").write_text("")
    python(project / ".venv/bin/python", "3.9")
    done = make(project, path)
    assert done.returncode != 0
    assert "is Python 3.9" in done.stderr
    assert "rm -r .venv" in done.stderr
    assert "installed" not in done.stdout


def test_make_keeps_an_environment_that_will_do(project: Path, path: Path) -> None:
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/pyvenv.cfg").write_text("")
    write(project / ".venv/bin/python", f"exec '{sys.executable}' \"$@\"")
    done = make(project, path, "TORCH=cpu", "PIP_ARGS=--pre")
    assert done.returncode == 0, done.stderr
    assert "installed --torch cpu --pre" in done.stdout
    assert "installed" not in make(project, path).stdout, "only once"
