"""Files that a public host reads: they are well-formed and agree with the rest."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from espnet_av import __version__
from espnet_av.package_set import PYTHONS

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


def steps(path: Path) -> list[str]:
    """Every command of a workflow."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def test_both_sets_and_all_pythons_are_tested() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]
    for job in ("whole", "ranges"):
        assert sorted(jobs[job]["strategy"]["matrix"]["python"]) == sorted(PYTHONS)
    assert jobs["macos"]["runs-on"].startswith("macos")
    assert "make other JOBS=4" in steps(ROOT / ".github/workflows/test.yml")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_workflows_run_is_there(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = steps(path)
    assert commands
    for line in commands:
        for target in re.findall(r"\bmake (\w+)", line):
            assert f"\n{target}:" in makefile, line
        for name in re.findall(r"(?<![\w/.])(?:test|tools)/[\w./]+", line):
            assert (ROOT / name).exists(), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_only_read_and_end(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["permissions"] == {"contents": "read"}
    assert all(0 < job["timeout-minutes"] <= 90 for job in content["jobs"].values())


def test_citation_is_of_this_release() -> None:
    content = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert content["version"] == __version__
    assert content["cff-version"] == "1.2.0"
    assert content["title"] in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_bugs_are_told_with_what_doctor_prints() -> None:
    (bug,) = (yaml.safe_load(path.read_text()) for path in FORMS if path.stem == "bug")
    asked = {part["id"]: part for part in bug["body"]}
    assert "espnet-av doctor" in asked["doctor"]["attributes"]["label"]
    assert asked["doctor"]["validations"]["required"]


def test_they_are_tracked() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", ".github"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {str(path.relative_to(ROOT)) for path in [*WORKFLOWS, *FORMS]} <= set(listed)
