"""What the pages of the project name is there: behind links, in rows, in blocks of commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path for path in ROOT.rglob("README.md") if ".venv" not in path.parts)
PAGES.append(ROOT / "CONTRIBUTING.md")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"```\w*\n(.*?)```|`([^`]+)`", re.DOTALL)
NAME = re.compile(r"[\w./*{},$<>~-]*[\w*}]\.(?:ya?ml|sh|py|pl|md|conf|toml)(?![\w.-])")
ASSIGNED = re.compile(r"^(\w+)=([\w./-]+)$", re.MULTILINE)
COMMAND = re.compile(r"`(\./run\w*\.sh[^`]*)`")
MADE = ("exp", "data", "dump", "downloads")
"""Folders that runs make."""
OTHERS = {"get_data.py"}
"""Files of corpora."""
EXAMPLES = {"x.py", "y.py", "s.yaml"}
MADE_FILES = {
    "meta.yaml", "units.yaml", "provenance.yaml", "train_av.yaml", "config.yaml", "REPORT.md",
    "dump.yaml", "images.yaml", "RESULTS.md", "conversion.yaml", "inputs.yaml", "codebook.yaml",
    "lengths.yaml", "teacher.yaml", "index.yaml", "text_models.yaml", "table1.md", "multistage.md",
}  # fmt: skip
RECIPES = sorted(path.parent for path in ROOT.glob("egs2/*/*/run.sh"))


def tracked() -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return {Path(line).name for line in listed.stdout.splitlines()}


def names(page: Path) -> list[str]:
    """Files of the project that a page names in code, with variables of its blocks filled in."""
    text = page.read_text(encoding="utf-8")
    known = dict(ASSIGNED.findall(text))
    found = []
    for block, span in CODE.findall(text):
        code = re.sub(r"\$\{?(\w+)\}?", lambda m: known.get(m[1], m[0]), block or span)
        code = code.replace('"', "")
        found += NAME.findall(code)
    return [
        name
        for name in dict.fromkeys(found)
        if not re.search(r"[<>$~]|\.\.\.", name)
        and not (set(Path(name).parts) & set(MADE) and Path(name).parts[0] in (*MADE, ".."))
        and "models/x/" not in name
        and Path(name).name not in OTHERS | EXAMPLES | MADE_FILES
    ]


def is_at(name: str, page: Path) -> bool:
    """Whether a path leads to something from where the page, or the reader, is."""
    places = [page.parent, ROOT, ROOT / "espnet_av", ROOT / "egs2", ROOT / "egs2/TEMPLATE/av1"]
    if page.parent not in RECIPES or name.startswith("./"):
        places += RECIPES
    name = name.removeprefix("./")
    return any(
        any(place.glob(name)) if "*" in name else (place / name).exists() for place in places
    )


def expand(name: str) -> list[str]:
    """Braces as bash expands them, numbers and lists, one pair at a time."""
    match = re.search(r"\{([^{}]*)\}", name)
    if match is None:
        return [name]
    span = re.fullmatch(r"(\d+)\.\.(\d+)", match[1])
    words = map(str, range(int(span[1]), int(span[2]) + 1)) if span else match[1].split(",")
    return [
        full
        for word in words
        for full in expand(name[: match.start()] + word + name[match.end() :])
    ]


def is_there(name: str, page: Path, basenames: set[str]) -> bool:
    """Whether every file that a name stands for is there; one without a folder may be in any."""
    return all(
        is_at(full, page) if "/" in full or "*" in full else full in basenames
        for full in expand(name)
    )


def ident(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if ":" not in link]
    # On a public host: what its actions found.
    links = [link for link in links if not link.startswith("../../actions/workflows/")]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_files_that_are_named_are_there(page: Path) -> None:
    basenames = tracked()
    assert [name for name in names(page) if not is_there(name, page, basenames)] == []


def test_names_are_found() -> None:
    """Of a table, of a block with a variable, and of a sentence."""
    page = ROOT / "egs2/lrs3/avsr1/README.md"
    assert {"conf/decode_hybrid.yaml", "conf/train_fava_120m.yaml"} <= set(names(page))
    muavic = ROOT / "egs2/muavic/avsr1/README.md"
    assert "../../mini_av/avsr1/conf/full/units_xlavsr_2b.yaml" in names(muavic)
    assert not is_there("conf/train_avsr.yaml", page, tracked())
    assert expand("a{1..3}.{b,c}")[:3] == ["a1.b", "a1.c", "a2.b"]


ROWS = [
    (recipe, " ".join(command.split()))
    for recipe in RECIPES
    if (recipe / "README.md").is_file()
    for command in COMMAND.findall((recipe / "README.md").read_text(encoding="utf-8"))
    if not re.search(r"[<]|_config exp/", command)
]


@pytest.mark.parametrize(
    ("recipe", "command"), ROWS, ids=[f"{ident(recipe)}: {command}" for recipe, command in ROWS]
)
def test_commands_of_rows_can_be_planned(recipe: Path, command: str) -> None:
    """A configuration that is missing fails in a dry run too."""
    env = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    command = re.sub(r"\\ ", "", command)
    result = subprocess.run(
        ["bash", "-euc", f"small=()\nheard=()\n{command} --dry_run"],
        cwd=recipe,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


PACKAGE_PAGES = [page for page in PAGES if (page.parent / "__init__.py").is_file()]
ELSEWHERE = {"command.py", "config.py", "model.py", "convert.py"}
"""Files that a page names without their folder, having said whose they are."""


@pytest.mark.parametrize("page", PACKAGE_PAGES, ids=ident)
def test_modules_that_a_package_names_are_its_own(page: Path) -> None:
    """A name without a folder means a file beside the page."""
    bare = [name for name in names(page) if name.endswith(".py") and "/" not in name]
    assert [n for n in bare if n not in ELSEWHERE and not any(page.parent.glob(n))] == []
