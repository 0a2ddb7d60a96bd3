"""Which tests reach which lines, and how long each takes, from one run of the suite."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import coverage

_LONGEST_SEC = 60.0


@dataclass(frozen=True)
class Covering:
    """What a run of the suite under coverage told."""

    tests: dict[str, dict[int, list[str]]]
    """For each file, from the root, and line the tests that reach it."""
    seconds: dict[str, float]
    """Seconds a test took, its set-up included."""

    def lines(self) -> dict[str, set[int]]:
        """For each file the lines that some test reaches by itself, not through a program."""
        return {path: set(lines) for path, lines in self.tests.items()}

    def of(self, path: str, line: int) -> list[str]:
        """Tests of a line: those of the file's own name first, then the quick ones.

        Those of its own name count where they reach any line of the file: what is computed once
        and kept is reached by the first test of a process only.
        """
        own = f"test_{Path(path).stem}.py"
        reached = {test for tests in self.tests[path].values() for test in tests if own in test}
        known = {test for test in reached.union(self.tests[path][line]) if test in self.seconds}
        known = {test for test in known if self.seconds[test] < _LONGEST_SEC}
        return sorted(known, key=lambda test: (own not in test, self.seconds[test], test))


def run_suite(root: Path, out: Path, tests: list[str], jobs: int) -> None:
    """Run the suite once and keep what each test reached in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "coveragerc").write_text(
        f"[run]\nsource = espnet_av\nrelative_files = true\ndata_file = {out}/coverage\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(jobs), "-p", "no:cacheprovider"]
    command += ["--cov", f"--cov-config={out}/coveragerc", "--cov-context=test", "--cov-report="]
    command += [f"--junitxml={out}/junit.xml", "-o", "junit_family=xunit1", *tests]
    subprocess.run(command, cwd=root, check=False)


def read(root: Path, out: Path) -> Covering:
    """Read what `run_suite` kept."""
    data = coverage.CoverageData(str(out / "coverage"))
    data.read()
    tests: dict[str, dict[int, list[str]]] = {}
    for path in data.measured_files():
        contexts = data.contexts_by_lineno(path)
        reached = {
            line: sorted({name.split("|")[0] for name in names if name})
            for line, names in contexts.items()
        }
        name = str(Path(path).relative_to(root)) if Path(path).is_absolute() else path
        tests[name] = {line: names for line, names in reached.items() if names}
    seconds: dict[str, float] = defaultdict(float)
    for case in ET.parse(out / "junit.xml").getroot().iter("testcase"):
        if case.find("failure") is None and case.find("skipped") is None:
            seconds[f"{case.get('file')}::{_inner(case)}"] += float(case.get("time", 0))
    return Covering(tests, dict(seconds))


def _inner(case: ET.Element) -> str:
    """`Class::test` or `test` of a test case."""
    module = str(case.get("file")).removesuffix(".py").replace("/", ".")
    classes = str(case.get("classname")).removeprefix(module).strip(".")
    return "::".join([*filter(None, classes.split(".")), str(case.get("name"))])
