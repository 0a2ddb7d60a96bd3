"""The numeric tests once more with AVX2's kernels: which, with what, and where not."""

import importlib.util
import os
from types import SimpleNamespace

import pytest

from espnet_av.processor import Kernels


@pytest.fixture
def script(repo_root, monkeypatch):
    """The script as a module, and the runs that it starts."""
    spec = importlib.util.spec_from_file_location("avx2_tests", repo_root / "tools/avx2_tests.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.started = []

    def run(command, **given):
        module.started.append((command, given))
        return SimpleNamespace(returncode=5)

    monkeypatch.setattr(module.subprocess, "run", run)
    return module


def test_numeric_tests_run_with_the_kernels_of_avx2(script, monkeypatch, repo_root):
    monkeypatch.setattr(script, "kernels", lambda: Kernels("AVX-512", ""))
    assert script.main(["-n", "2"]) == 5
    ((command, given),) = script.started
    assert command[1:6] == ["-m", "pytest", "-q", "-rfEs", "-n"]
    assert command[-len(script.NUMERIC) :] == list(script.NUMERIC)
    assert given["env"] == {
        **os.environ, "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"
    }  # fmt: skip
    assert all((given["cwd"] / folder).is_dir() for folder in script.NUMERIC)


@pytest.mark.parametrize("level", ["AVX2", "SSE", "NEON"])
def test_a_lesser_processor_has_run_them_already(script, monkeypatch, capsys, level):
    monkeypatch.setattr(script, "kernels", lambda: Kernels(level, ""))
    assert script.main([]) == 0
    assert script.started == []
    assert f"level is {level}" in capsys.readouterr().out


def test_make_test_runs_them_and_says_what_is_skipped(repo_root):
    makefile = (repo_root / "Makefile").read_text()
    assert "\ntest: lint unit avx2 " in makefile
    assert "tools/avx2_tests.py" in makefile
    unit = makefile.split("\nunit:")[1].split("\n\n")[0]
    assert " -rfEs " in unit
