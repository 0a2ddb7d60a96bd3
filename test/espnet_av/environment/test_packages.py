"""The packages that are needed, against the tested set."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from espnet_av.environment import packages
from espnet_av.package_set import read_lock, set_of


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "set.txt"
    path.write_text("# old\nPyYAML==1.0 ; python_version > '3'\nnot-here-at-all==1.0\n", "utf-8")
    return path


def test_another_version_than_the_tested_one_is_told(lock: Path) -> None:
    found = packages.check_package("PyYAML", lock)
    assert (found.status, found.note) == ("differs", "tested with 1.0")
    assert packages.check_package("numpy", lock).status == "ok"
    assert packages.check_package("numpy", None).status == "ok"


@pytest.mark.parametrize(
    ("name", "meaning"),
    [("torch", "last digits"), ("espnet", "moved"), ("sentencepiece", "other pieces")],
)
def test_what_a_difference_means(tmp_path: Path, name: str, meaning: str) -> None:
    (tmp_path / "set.txt").write_text(f"{name}==0.0.1\n")
    found = packages.check_package(name, tmp_path / "set.txt")
    assert found.status == "differs"
    assert meaning in found.note


def test_a_build_is_not_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = read_lock(set_of().lock)["torch"]
    monkeypatch.setattr(metadata, "version", lambda name: f"{tested}+cpu")
    assert packages.check_package("torch", set_of().lock).status == "ok"


def test_package_whose_files_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    monkeypatch.delitem(packages.sys.modules, "espeakng_loader", raising=False)
    found = packages.check_package("espeakng-loader", None)
    assert found.status == "broken"
    assert "--force-reinstall espeakng-loader" in found.note


def test_the_set_as_a_whole(lock: Path) -> None:
    found = packages.check_set(lock)
    assert found.status == "differs"
    version = metadata.version("PyYAML")
    assert f"1 of 1 packages are others: pyyaml {version} (tested 1.0)" in found.note
    assert f"pip install --no-deps -r {lock}" in found.note
    lock.write_text(f"PyYAML=={version}\n")
    assert packages.check_set(lock).status == "ok"


def test_few_are_named_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0.0")
    note = packages.check_set(set_of().lock).note
    assert note.count("(tested ") == 4
    assert ", ..." in note


@pytest.mark.parametrize("content", [None, "# nothing\n"])
def test_a_lock_that_is_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "set.txt"
    if content is not None:
        path.write_text(content)
    assert "no such file, or no versions" in packages.check_set(path).note
