"""What may be absent; packages that get in each other's way or cannot be loaded."""

from __future__ import annotations

import base64
import hashlib
import importlib
import sys
from pathlib import Path

import pytest

from espnet_av.environment import optional


def install(site: Path, name: str, version: str, content: str, others: str | None = None) -> None:
    """What pip leaves of a package that writes `s3prl/__init__.py`; `others` is written later."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=")
    lines = [f"s3prl/__init__.py,sha256={digest.decode()},{len(content)}", f"{info.name}/RECORD,,"]
    (info / "RECORD").write_text("\n".join(lines))
    (site / "s3prl").mkdir(exist_ok=True)
    (site / "s3prl/__init__.py").write_text(content if others is None else others)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    return tmp_path


def test_without_s3prl(site: Path) -> None:
    found = optional.check_s3prl()
    assert found.status == "missing"
    assert "pip install espnet-s3prl" in found.note


@pytest.mark.parametrize("name", ["s3prl", "espnet-s3prl"])
def test_which_of_the_two_is_told(site: Path, name: str) -> None:
    install(site, name, "2026.5.14", "x = 1\n")
    found = optional.check_s3prl()
    assert (found.status, found.version) == ("ok", "2026.5.14")
    assert found.note == f"of the package {name}"


def test_both_are_told_with_whose_files_are_there(site: Path) -> None:
    install(site, "s3prl", "0.4.18", "x = 1\n")
    install(site, "espnet-s3prl", "2026.5.14", "x = 2\n")
    found = optional.check_s3prl()
    assert found.status == "differs"
    assert "s3prl 0.4.18, espnet-s3prl 2026.5.14" in found.note
    assert "what stands there is espnet-s3prl's" in found.note
    assert "pip uninstall s3prl espnet-s3prl" in found.note


def test_files_of_neither(site: Path) -> None:
    install(site, "s3prl", "0.4.18", "x = 1\n", others="changed\n")
    found = optional.check_s3prl()
    assert found.status == "differs"
    assert "not as it came" in found.note
    (site / "s3prl/__init__.py").unlink()
    assert "not as it came" in optional.check_s3prl().note


def test_k2_may_be_absent(site: Path) -> None:
    found = optional.check_k2()
    assert found.status == "missing"
    assert "Python 3.9 alone" in found.note


def test_a_k2_that_pip_took_and_no_python_loads(site: Path) -> None:
    install(site, "k2", "1.24.4", "")
    (site / "k2").mkdir()
    (site / "k2/__init__.py").write_text("import _k2\n")
    found = optional.check_k2()
    assert (found.kind, found.status, found.version) == ("optional", "broken", "1.24.4")
    assert "No module named '_k2'" in found.note
    assert "pip uninstall k2" in found.note


def test_a_k2_that_loads(site: Path) -> None:
    install(site, "k2", "1.24.4", "")
    (site / "k2.py").write_text("")
    assert optional.check_k2().status == "ok"
    del sys.modules["k2"]


def test_packages_and_programs(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(site))
    assert optional.check_program("ffmpeg").status == "missing"
    (site / "ffmpeg").write_text("#!/bin/sh\n")
    (site / "ffmpeg").chmod(0o755)
    assert str(site / "ffmpeg") in optional.check_program("ffmpeg").note
    assert optional.check_package("mediapipe").note.endswith("-r tools/mediapipe.txt")
