"""Freed memory is used again without the kernel, unless the user has set the allocator."""

import os
import platform
import subprocess
import sys

import pytest

from espnet_av.train.allocator import keep_freed_memory

PROGRAM = """
import resource
from espnet_av.train.allocator import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        bytearray(b"1") * (40 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

done = keep_freed_memory()
faults()
print(done, faults())
"""


def run(**environment):
    """(whether it was done, page faults of four rounds of 40 MB)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**kept, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return out[0] == "True", int(out[1])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt")
def test_pages_are_cleared_once():
    assert run() == (True, pytest.approx(0, abs=50))
    done, faults = run(MALLOC_TRIM_THRESHOLD_="131072")
    assert not done
    # Pages are of 4 KB or of 2 MB, by the machine's settings.
    assert faults > 70


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"])
def test_a_users_own_settings_stay(name, monkeypatch):
    monkeypatch.setenv(name, "1")
    assert not keep_freed_memory()


def test_another_c_library_is_left_alone(monkeypatch):
    for name in [*os.environ]:
        if name.startswith("MALLOC_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert not keep_freed_memory()
