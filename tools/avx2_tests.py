#!/usr/bin/env python3
"""Run the numeric tests once more with AVX2's kernels: what most laptops compute with.

A processor with AVX-512 takes other kernels than one without: other rounding, other faults. Where
there is no AVX-512, `make test` as it is has tried those already, and this says so. Options are
pytest's.
"""

import os
import subprocess
import sys
from pathlib import Path

from espnet_av.processor import kernels

ROOT = Path(__file__).resolve().parent.parent
NUMERIC = (
    "test/espnet_av/ops", "test/espnet_av/modules", "test/espnet_av/models",
    "test/espnet_av/search", "test/parity",
)  # fmt: skip
"""Folders whose results depend on how the library computes."""
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def main(options: list[str]) -> int:
    """Status of pytest; 0 where there is nothing to run."""
    level = kernels().level
    if level != "AVX-512":
        print(f"AVX2's kernels: not run again, as this processor's level is {level}")
        return 0
    print(f"numeric tests again with {' '.join(f'{key}={value}' for key, value in AVX2.items())}")
    command = [sys.executable, "-m", "pytest", "-q", "-rfEs", *options, *NUMERIC]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **AVX2}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
