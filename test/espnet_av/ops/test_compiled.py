"""Machine code: kept where it can be, and made anew when any source has changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")
from espnet_av.ops import compiled

_CALLED = """
from {package}.compiled import compiled


@compiled
def called(x):
    return x + {number}
"""
_CALLER = """
from {package}.abx_called import called
from {package}.compiled import compiled


@compiled
def caller(x):
    return 10 * called(x)
"""


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(monkeypatch):
    def njit(**options):
        if options.pop("cache", False):
            msg = "cannot cache function 'half': no locator available"
            raise RuntimeError(msg)
        return lambda function: (function, options)

    def half(x):
        return x / 2

    monkeypatch.setattr(compiled, "njit", njit)
    assert compiled.compiled(half) == (half, {"nogil": True})


def test_a_change_in_what_is_called_is_seen_by_who_calls(tmp_path):
    package = tmp_path / "kept"
    package.mkdir()
    (package / "__init__.py").touch()
    shutil.copy(Path(compiled.__file__), package / "compiled.py")
    (package / "abx_caller.py").write_text(_CALLER.format(package="kept"))
    script = "from kept.abx_caller import caller; print(caller(1))"
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "c")}
    found = []
    for number in (1, 1, 2):
        (package / "abx_called.py").write_text(_CALLED.format(package="kept", number=number))
        command = [sys.executable, "-B", "-c", script]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.append(int(done.stdout))
    assert found == [20, 20, 30]
    assert len(list((tmp_path / "c").rglob("abx_caller.caller*.nbi"))) == 2
