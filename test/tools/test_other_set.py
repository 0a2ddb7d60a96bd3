"""The other tested set: found, told apart from this one, and said so where it is not."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from espnet_av.package_set import SETS, set_of


@pytest.fixture
def script(repo_root, monkeypatch):
    """The program as a module; commands of pytest are kept in `started`."""
    spec = importlib.util.spec_from_file_location("other_set", repo_root / "tools/other_set.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.started = []
    real = module.subprocess.run

    def run(command, **given):
        if "pytest" not in command:
            return real(command, **given)
        module.started.append((command, given["env"]))
        return SimpleNamespace(returncode=5)

    monkeypatch.setattr(module.subprocess, "run", run)
    return module


def environment(folder: Path, version: tuple[int, int], espnet: str) -> Path:
    """A folder whose Python tells these versions."""
    python = folder / "bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho '{json.dumps([list(version), espnet, '2.14.1'])}'\n")
    python.chmod(0o755)
    return folder


def version_of(one) -> tuple[int, int]:
    major, minor = one.pythons[0].split(".")
    return int(major), int(minor)


OTHER = next(one for one in SETS if one is not set_of())


def test_the_other_set_is_run(script, tmp_path, capsys, repo_root):
    folder = environment(tmp_path / "env", version_of(OTHER), OTHER.espnet)
    assert script.main([str(folder), "-n", "2"]) == 5
    ((command, env),) = script.started
    assert command[: command.index("test/parity")] == [
        str(folder / "bin/python"), "-m", "pytest", "-q", "-rfEs", "-n", "2"
    ]  # fmt: skip
    assert env["VIRTUAL_ENV"] == str(folder)
    assert env["PATH"].startswith(f"{folder}/bin:")
    assert env["OTHER_PYTHON"] == script.sys.executable
    assert f"ESPnet {OTHER.espnet}, torch 2.14.1" in capsys.readouterr().out


def test_its_tests_are_there(script, repo_root):
    assert [name for name in script.TESTS if not (repo_root / name).exists()] == []


@pytest.mark.parametrize(
    ("version", "espnet"),
    [
        (version_of(set_of()), set_of().espnet),
        (version_of(OTHER), "209901"),
        ((3, 10), OTHER.espnet),
    ],
)
def test_what_is_no_environment_of_it(script, tmp_path, capsys, version, espnet):
    folder = environment(tmp_path / "env", version, espnet)
    assert script.main([str(folder)]) == 0
    assert script.started == []
    shown = capsys.readouterr().out
    assert "not run" in shown
    assert f"make install VENV={folder} PYTHON=python{OTHER.pythons[0]}" in shown


def test_no_environment_or_a_broken_one(script, tmp_path, capsys):
    assert script.main([str(tmp_path / "none")]) == 0
    broken = environment(tmp_path / "env", (3, 13), "x")
    (broken / "bin/python").write_text("#!/bin/sh\nexit 1\n")
    assert script.main([str(broken)]) == 0
    assert capsys.readouterr().out.count("not run") == 2
