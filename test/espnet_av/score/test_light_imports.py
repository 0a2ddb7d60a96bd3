"""Printing scores needs no model: neither torch nor ESPnet, and no plotting before it draws."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import espnet_av.score

FOLDER = Path(espnet_av.score.__file__).parent
MODULES = sorted(
    ".".join(("espnet_av", "score", *path.relative_to(FOLDER).with_suffix("").parts))
    for path in FOLDER.rglob("*.py")
    if path.name != "__init__.py"
)
HEAVY = ("torch", "espnet2", "matplotlib", "transformers", "scipy", "lightning")
CODE = """
import importlib, json, sys
found = {}
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
    heavy = [part for part in json.loads(sys.argv[2]) if part in sys.modules]
    if heavy:
        found[name] = heavy
        break
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    "modules",
    [MODULES, [f"espnet_av.bin.{name}" for name in ("score", "tables", "compare")]],
    ids=["score", "bin"],
)
def test_nothing_heavy_is_loaded(modules):
    assert len(modules) >= 3
    command = [sys.executable, "-c", CODE, json.dumps(modules), json.dumps(HEAVY)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(run.stdout) == {}
