"""The two tested sets say the same everywhere: locks, ranges of setup.py, README, doctor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from espnet_av.environment.packages import CORE
from espnet_av.package_set import PYTHONS, SETS, normalised, read_lock, set_of

ROOT = Path(__file__).resolve().parents[2]


def requirements(name: str) -> list[Requirement]:
    """Those of a list of setup.py."""
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    listed = re.search(rf"{name}.*?\[(.*?)\n *\]", text, re.DOTALL)
    return [Requirement(line) for line in re.findall(r'^ *"([^"]+)"', listed[1], re.MULTILINE)]


def test_this_python_has_a_set() -> None:
    assert set_of() in SETS
    assert set_of((3, 11)).espnet == "202511"
    assert set_of((3, 12)) is set_of((3, 13))
    assert set_of((3, 10)) is None
    assert set_of((3, 14)) is None


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.espnet)
@pytest.mark.parametrize("name", ["INSTALL_REQUIRES =", '"test":'])
def test_locks_are_within_the_ranges(one, name: str) -> None:
    pins = read_lock(one.lock)
    assert pins["espnet"] == one.espnet
    assert pins["torch"].startswith(f"{one.torch}.")
    for python in one.pythons:
        for wanted in requirements(name):
            if wanted.marker is None or wanted.marker.evaluate({"python_version": python}):
                version = pins[normalised(wanted.name)]
                assert wanted.specifier.contains(version), f"{wanted} {version} {python}"


def test_every_python_has_one_espnet_and_one_torch() -> None:
    for python in PYTHONS:
        for name in ("espnet", "torch"):
            fitting = [
                wanted
                for wanted in requirements("INSTALL_REQUIRES =")
                if wanted.name == name and wanted.marker.evaluate({"python_version": python})
            ]
            assert len(fitting) == 1
    (torch,) = [
        wanted
        for wanted in requirements("INSTALL_REQUIRES =")
        if wanted.name == "torch" and wanted.marker.evaluate({"python_version": "3.13"})
    ]
    assert not torch.specifier.contains("2.12.1"), "ESPnet refuses it"


def test_what_is_needed_is_what_doctor_looks_for() -> None:
    assert {wanted.name for wanted in requirements("INSTALL_REQUIRES =")} == set(CORE)


def test_what_tests_alone_use_is_of_the_extra() -> None:
    needed = {wanted.name for wanted in requirements("INSTALL_REQUIRES =")}
    tests = {wanted.name for wanted in requirements('"test":')}
    assert {"kaldiio", "lhotse", "scikit-learn", "torchaudio"} <= tests - needed


@pytest.mark.parametrize("place", ["setup.py", "tools/find_python.sh", "pyproject.toml"])
def test_pythons_are_the_same_everywhere(place: str) -> None:
    text = (ROOT / place).read_text(encoding="utf-8")
    oldest, newest = PYTHONS[-1], PYTHONS[0]
    after = f"3.{int(newest.split('.')[1]) + 1}"
    said = {
        "setup.py": f'python_requires=">={oldest},<{after}"',
        "tools/find_python.sh": f'tested="{" ".join(PYTHONS)}"',
        "pyproject.toml": f'python_version = "{oldest}"',
    }
    assert said[place] in text


@pytest.mark.parametrize("page", ["README.md"])
def test_pages_name_both_sets(page: str) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    for one in SETS:
        assert one.espnet in text
        assert one.torch in text
        assert str(one.lock.relative_to(ROOT)) in text


def test_locks_are_complete_and_unambiguous() -> None:
    for one in SETS:
        lines = [
            line
            for line in one.lock.read_text(encoding="utf-8").splitlines()
            if not line.startswith("#")
        ]
        assert all(re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line) for line in lines)
        assert len(lines) == len(read_lock(one.lock))


def test_comments_and_markers_are_no_versions(tmp_path: Path) -> None:
    path = tmp_path / "lock.txt"
    path.write_text("# old\nA_b.c==1.0 ; python_version > '3'\nd==2 # why\n\n-e .\n", "utf-8")
    assert read_lock(path) == {"a-b-c": "1.0", "d": "2"}
