"""README's table 'Where do I change ...', followed line by line with toys in a copy of the tree."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from oracles import toy_changes, toy_changes_later
from oracles.toy_changes import THERE, Toy

ROOT = Path(__file__).resolve().parents[1]
TOYS: dict[str, Toy] = {
    "a corpus": toy_changes.CORPUS,
    "a model": toy_changes.MODEL,
    "a front end or layer": toy_changes.LAYER,
    "a loss": toy_changes.LOSS,
    "a kind of data": toy_changes.DATA,
    "augmentation, noise": toy_changes.AUGMENTATION,
    "schedules, optimisers": toy_changes_later.SCHEDULE,
    "a score": toy_changes_later.SCORE,
    "a kind of prediction": toy_changes_later.PREDICTION,
    "a stage": toy_changes_later.STAGE,
    "an experiment, a comparison": toy_changes_later.EXPERIMENT,
    "corpus, model, data, prediction, score of your own package": toy_changes_later.PACKAGE,
    "cluster settings": toy_changes_later.CLUSTER,
}
# Runs the code of each toy in a folder of its own; says what went wrong, by name.
TRY = """
import json, os, sys, traceback
from pathlib import Path
TREE, wanted, told = map(Path, sys.argv[1:])
toys, wrong = json.loads(wanted.read_text()), {}
for number, (name, code) in enumerate(toys.items()):
    folder = wanted.parent / f"try{number}"
    folder.mkdir()
    os.chdir(folder)
    try:
        exec(compile(code, name, "exec"), {"TREE": TREE, "__name__": "toy"})
    except BaseException:
        wrong[name] = traceback.format_exc()
told.write_text(json.dumps(wrong))
"""


def rows() -> dict[str, str]:
    """What -> where, as the page has it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("## Where do I change ...")[1].split("\n\n")[1]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {cells[0]: cells[1] for cells in found[2:]}


def is_told(path: str, cell: str) -> bool:
    """Whether a row names a file: whole, with `x` for the toy's name, or by its folder."""
    short = path.removeprefix("espnet_av/")
    for span in re.findall(r"`([^`]+)`", cell):
        pattern = re.escape(span).replace(r"\*", r"[^/]*")
        pattern = re.sub(r"\bx\b", r"\\w+", pattern) + (".*" if span.endswith("/") else "")
        if re.fullmatch(rf"(.*/)?{pattern}", short):
            return True
    return False


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Row -> what went wrong, when everything was added and tried."""
    root = tmp_path_factory.mktemp("toys")
    tree = root / "tree"
    for name in ("espnet_av", "utils", "egs2/TEMPLATE", "test/oracles"):
        shutil.copytree(ROOT / name, tree / name)
    for toy in TOYS.values():
        for name, content in toy.files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(content, encoding="utf-8")
    for toy in TOYS.values():
        for name, edits in toy.edits.items():
            text = (tree / name).read_text(encoding="utf-8")
            for old, new in edits:
                found = re.findall(old, text)
                assert len(found) == 1, f"{name} has no longer one {old!r}"
                text = text.replace(found[0], new.replace(THERE, found[0]), 1)
            (tree / name).write_text(text, encoding="utf-8")
    (root / "toys.json").write_text(json.dumps({name: toy.check for name, toy in TOYS.items()}))
    env = {**os.environ, "PYTHONPATH": f"{tree}:{tree}/test", "VIRTUAL_ENV": sys.prefix}
    command = [sys.executable, "-c", TRY, tree, root / "toys.json", root / "wrong.json"]
    ran = subprocess.run(command, check=False, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return json.loads((root / "wrong.json").read_text())


def test_every_row_has_a_toy() -> None:
    assert list(rows()) == list(TOYS)


@pytest.mark.parametrize("row", TOYS)
def test_following_a_row_makes_it_usable(tried: dict[str, str], row: str) -> None:
    assert tried.get(row, "") == ""


@pytest.mark.parametrize("row", TOYS)
def test_a_row_names_every_file_that_is_touched(row: str) -> None:
    cell = rows()[row]
    if "as above" in cell:
        cell += rows()["a score"]
    toy = TOYS[row]
    assert [path for path in (*toy.files, *toy.edits) if not is_told(path, cell)] == []


def test_what_a_row_tells() -> None:
    cell = "`models/x/` + `data/readers/*_augment.py`, `score/x.py`"
    for path in ("models/toy/config.py", "data/readers/video_augment.py", "score/toy.py"):
        assert is_told(f"espnet_av/{path}", cell)
    for path in ("models/__init__.py", "data/readers/a/b_augment.py", "score/toy/a.py", "a.py"):
        assert not is_told(f"espnet_av/{path}", cell)


@pytest.mark.parametrize("row", TOYS)
def test_files_that_a_row_names_are_there(row: str) -> None:
    """Those that are not for the toy to make."""
    for span in re.findall(r"`([^`]+)`", rows()[row]):
        made = re.search(r"\bx\b", span) or ("." not in span and "/" not in span)
        places = [ROOT, ROOT / "espnet_av", *ROOT.glob("egs2/*/*"), *ROOT.glob("test/*/*")]
        assert made or any(any(place.glob(span)) for place in places), span
