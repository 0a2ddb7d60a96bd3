"""The shape of the house: who imports whom, how large files are, what may be imported where."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from espnet_av.recipe.options import KINDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "espnet_av"
FILES = sorted(PACKAGE.rglob("*.py"))
LEAVES = {
    "errors", "config", "progress", "provenance", "atomic", "temporary", "text_file", "yaml_file",
    "command", "compat", "hf", "bounded_pickle", "processor", "cores", "rates", "padding",
    "registry", "package_set",
    "fingerprint", "figure", "__init__",
}  # fmt: skip

# What each part may import of the others, besides itself and the leaves.
ALLOWED = {
    "ops": set(),
    "modules": {"ops"},
    "models": {"modules", "ops"},
    "media": {"ops"},
    "synthesis": {"media", "ops"},
    "data": {"media", "ops"},
    "corpora": {"data", "media", "synthesis"},
    "roi": {"data", "media"},
    "images": {"data", "media"},
    "dump": {"data", "media"},
    "noise": {"data", "media"},
    "vectors": {"data"},
    "text_models": {"data"},
    "features": {"data", "models", "ops"},
    "units": {"features", "data", "ops", "score"},
    "train": {"models", "modules", "ops", "data"},
    "search": {"models", "modules", "data", "ops"},
    "predict": {"search", "train", "data", "models", "ops"},
    "score": {"predict", "search", "features", "data", "ops"},
    "pack": {"models", "train", "data", "predict", "search", "roi"},
    "speech2text": {"pack", "predict", "models", "train", "data", "search", "roi", "media"},
    "index": {
        "speech2text", "pack", "predict", "vectors", "models", "train", "data", "roi", "ops",
    },
    "exchange": {"models", "train", "data", "media"},
    "status": set(),
    "environment": set(),
    "recipe": {"data"},
    "bin": {
        "pack", "speech2text", "train", "predict", "search", "score", "features", "units", "noise",
        "vectors", "dump", "roi", "images", "models", "modules", "ops", "data", "media", "corpora",
        "status", "recipe", "exchange", "index", "environment", "text_models",
    },
}  # fmt: skip


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_modules(path: Path) -> set[str]:
    """Every module that a file imports anywhere, type-checking blocks included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            if node.module == "espnet_av":
                found |= {f"espnet_av.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(path)
    modules = imported_modules(path)
    assert not [name for name in modules if name.split(".")[0] in ("egs2", "test", "utils")]
    targets = {name.split(".")[1] for name in modules if name.startswith("espnet_av.")}
    targets -= LEAVES | {part, "__version__"}
    assert targets <= ALLOWED.get(part, set()), f"{part} must not import {targets}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_one_door_to_foreign_packages(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported_modules(path)}
    relative = str(path.relative_to(PACKAGE))
    if relative != "compat.py":
        assert not roots & {"espnet", "espnet2", "espnetez"}
    if relative != "hf.py":
        assert not roots & {"transformers", "safetensors", "huggingface_hub"}
    # These may be absent: what they do for others is done here, and tests compare.
    assert not roots & {"kaldiio", "k2", "lhotse", "sklearn", "torchaudio"}
    # The two others hash what is not read in one piece: members that are being unpacked, samples.
    # Which hash a package's files have, its installer says.
    hashing = ("pack/unpacking.py", "data/source_files.py", "environment/optional.py")
    if relative not in ("fingerprint.py", *hashing):
        assert "hashlib" not in roots
    assert "fairseq" not in roots


def test_no_part_leads_back_to_itself() -> None:
    """What may be imported has an order, from `ops` up to `bin`."""
    order = list(graphlib.TopologicalSorter(ALLOWED).static_order())
    assert set(order) == set(ALLOWED)


def test_every_part_is_known() -> None:
    assert {part_of(path) for path in FILES} - LEAVES <= set(ALLOWED)


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_files_are_short_enough_to_read() -> None:
    sources = tracked("*.py", "*.pl", "*.sh")
    assert len(sources) > 20
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    too_long = {str(path.relative_to(ROOT)): size for path, size in sizes.items() if size > 500}
    assert not too_long


def test_functions_are_short_enough_to_read() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 80, f"{path}:{node.lineno} {node.name} has {length} lines"


def test_a_name_stands_for_one_thing() -> None:
    """No two public classes, or names of types, of the package are called the same."""
    places: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [node.name] if isinstance(node, ast.ClassDef) else []
            if isinstance(node, ast.Assign):
                names = [item.id for item in node.targets if isinstance(item, ast.Name)]
            for name in names:
                if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name):
                    places.setdefault(name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


NO_CHOICE = {"none", "auto", ""}
"""Words for 'no entry' beside those of a registry."""


def test_no_registry_is_written_twice() -> None:
    """The keys of a mapping to classes and functions are no `Literal` too: see `config.Choice`."""
    types: dict[frozenset[str], str] = {}
    registries: dict[frozenset[str], str] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
                values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                types[words(values)] = place
            elif isinstance(node, ast.Dict) and all(map(is_code, node.values)):
                registries[words(node.keys)] = place
    assert len(registries) > 10
    assert {registries[key]: types[key] for key in registries.keys() & types.keys() if key} == {}


def is_code(node: ast.expr) -> bool:
    """A name, or several: of classes, functions, schedules."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return isinstance(parts[0], ast.Name | ast.Lambda) if parts else False


def words(nodes: Sequence[ast.expr | None]) -> frozenset[str]:
    values = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return frozenset(value for value in values - NO_CHOICE if isinstance(value, str))


def test_the_clock_is_written_once() -> None:
    """16 kHz stands in `rates.py` alone; 640 samples a frame follow from it."""
    for path in FILES:
        numbers = [
            node
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and node.value == 16000
        ]
        assert not numbers or path == PACKAGE / "rates.py", f"{path}:{numbers[0].lineno}"


def test_recipes_are_short_and_link_to_the_template() -> None:
    recipes = [path.parent for path in ROOT.glob("egs2/*/*/run.sh")]
    assert recipes
    for recipe in recipes:
        for script in recipe.glob("run*.sh"):
            assert len(script.read_text(encoding="utf-8").splitlines()) <= 40, script
        for name in ("av.sh", "cmd.sh", "path.sh", "db.sh"):
            assert (recipe / name).resolve() == ROOT / "egs2/TEMPLATE/av1" / name
        assert (recipe / "utils").resolve() == ROOT / "utils"
        # Pre-training has no scores of its own.
        scored = [] if recipe.name.startswith("ssl") else ["expected_scores.yaml"]
        for name in ("README.md", "local/data.sh", *scored):
            assert (recipe / name).is_file(), f"{recipe.name} has no {name}"


def test_the_engine_of_recipes_is_short_and_names_every_stage() -> None:
    text = (ROOT / "egs2/TEMPLATE/av1/av.sh").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    stages = re.findall(r"^#  *(\d+) (\w+) .*->", text, flags=re.MULTILINE)
    assert [name for _, name in sorted(stages, key=lambda s: int(s[0]))] == list(KINDS)


def test_no_large_file_and_no_path_of_one_machine() -> None:
    for path in tracked():
        assert path.stat().st_size <= 200_000 or path.name == "LICENSE", path
        if path.suffix in (".sh", ".yaml", ".py", ".md", ".pl") and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(?<![\w.$}{/])/(root|work|home)/", text), path


def test_every_package_folder_says_what_it_is() -> None:
    for folder in {path.parent for path in FILES}:
        if folder.parent in (PACKAGE, ROOT):
            readme = folder / "README.md"
            if folder != PACKAGE:
                assert readme.is_file(), f"{folder.name} has no README.md"
                lines = readme.read_text(encoding="utf-8").splitlines()
                assert 3 <= sum(not line.startswith(("|", "<!--")) for line in lines) <= 30


TESTED_BY_NAME = ("ops", "data", "predict", "score", "train")
"""Parts whose modules have each a file of tests of their own name."""


def test_tests_are_where_a_reader_looks_for_them() -> None:
    modules = [path for path in FILES if part_of(path) in TESTED_BY_NAME and path.name[0] != "_"]
    assert len(modules) > 150
    places = [
        ROOT / "test/espnet_av" / path.relative_to(PACKAGE).parent / f"test_{path.name}"
        for path in modules
    ]
    missing = {str(place.relative_to(ROOT)) for place in places if not place.is_file()}
    assert not missing


def test_every_program_answers_help() -> None:
    programs = [path for path in (PACKAGE / "bin").glob("*.py") if path.stem != "__init__"]
    assert len(programs) >= 5
    code = (
        "import contextlib, io, runpy, sys\n"
        "for name in sys.argv[1:]:\n"
        "    sys.argv = [name, '--help']\n"
        "    out = io.StringIO()\n"
        "    try:\n"
        "        with contextlib.redirect_stdout(out):\n"
        "            runpy.run_module(f'espnet_av.bin.{name}', run_name='__main__')\n"
        "    except SystemExit as end:\n"
        "        assert not end.code, (name, end.code)\n"
        "    assert 'usage' in out.getvalue().lower(), name\n"
    )
    names = [path.stem for path in programs]
    subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, check=True)
