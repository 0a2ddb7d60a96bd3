"""Names of ours and of packages of users' own."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from oracles.own_package import write_package

from espnet_av.config import check_choice
from espnet_av.corpora import CORPORA, load_prepare
from espnet_av.data.fields import FIELDS, Field
from espnet_av.data.readers import READERS
from espnet_av.errors import ConfigError
from espnet_av.models import MODELS
from espnet_av.predict.kinds import KINDS
from espnet_av.registry import Registry
from espnet_av.score.scorers import SCORERS
from espnet_av.score.text_metrics.registered import TEXT_METRICS

_NUMBERS = itertools.count()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function: entry points and code of a package -> a registry that asks for it."""

    def make(entries: dict[str, str], code: str = "", own: Any = (), **settings: Any) -> Any:
        number = next(_NUMBERS)
        group, name = f"toys{number}", f"own_toys{number}"
        points = {key: value.replace("own", name, 1) for key, value in entries.items()}
        folder = write_package(tmp_path / name, name, {group: points}, {name: code})
        monkeypatch.syspath_prepend(str(folder))
        settings = {"check": lambda key, value: None} | settings
        return Registry(group, dict(own), **settings)

    return make


def test_names_of_others_come_after_ours_in_order(install) -> None:
    toys = install({"b": "own:B", "a": "own:A"}, "A, B = 1, 2\n", own={"z": 0})
    assert dict(toys) == {"z": 0, "a": 1, "b": 2} and len(toys) == 3
    assert list(toys.items()) == [("z", 0), ("a", 1), ("b", 2)] and "b" in toys
    toys["c"] = 3
    del toys["a"]
    assert list(toys) == ["z", "b", "c"] and "c" in repr(toys)
    entered = install({"a": "own:A"}, "A = 4\n", enter=str)
    assert entered["a"] == "4"


def test_others_are_imported_when_they_are_looked_for(install) -> None:
    toys = install({"a": "own:A"}, "raise RuntimeError('not now')\n", own={"z": 0})
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"own_toys\d+: entry point espnet_av.toys\d+: a = .*"
                           "RuntimeError: not now; mend it, or uninstall"):  # fmt: skip
            list(toys)
    where = install({"a": "own:A"}, "raise RuntimeError('not now')\n", check=None)
    assert where["a"].endswith(":A")


@pytest.mark.parametrize(
    ("entries", "code", "problem"),
    [
        ({"z": "own:A"}, "A = 1\n", "there is one of that name; choose another"),
        ({"a": "own:B"}, "A = 1\n", "AttributeError"),
        ({"a": "nowhere_at_all:B"}, "", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ({"a": "own:A"}, "A = (\n", "SyntaxError"),
        ({"a": "own:A"}, "A = 'x'\n", "a is no number; correct it"),
    ],
)
def test_what_is_wrong_is_named(install, entries, code: str, problem: str) -> None:
    def check(name: str, value: object) -> str | None:
        return None if isinstance(value, int) else f"{name} is no number"

    with pytest.raises(ConfigError, match=problem):
        install(entries, code, own={"z": 0}, check=check)["a"]


def test_a_module_may_look_into_what_it_is_for(install) -> None:
    """As a reader does that looks for a field while it is imported."""
    code = "from espnet_av.data.fields import FIELDS\nA = sorted(FIELDS)\n"
    assert "speech" in install({"a": "own:A"}, code)["a"]


@pytest.mark.parametrize(
    ("registry", "wrong", "problem"),
    [
        (FIELDS, 1, "1 is no Field"),
        (FIELDS, Field(name="other"), "it is called 'other', not 'a'"),
        (READERS, Field, "is no subclass of AbsReader"),
        (READERS, READERS["speech"], "it reads the field 'speech', not 'a'"),
        (MODELS, Field, "is no subclass of AVModel"),
        (KINDS, 1, "1 is no Kind"),
        (SCORERS, 1, "1 is no Scorer"),
        (SCORERS, SCORERS["labels"], "it is called 'labels', not 'a'"),
        (TEXT_METRICS, 1, "1 is no TextMetric"),
        (TEXT_METRICS, TEXT_METRICS["gleu"], "it is called 'gleu', not 'a'"),
    ],
)
def test_every_registry_knows_its_own(registry: Any, wrong: object, problem: str) -> None:
    told = registry._check("a", wrong)
    assert told is not None and problem in told
    name, right = next(iter(registry.items()))
    right = right[1] if registry is MODELS else right
    assert registry._check(name, right) is None


def test_a_name_that_is_not_there_may_be_of_a_package() -> None:
    with pytest.raises(ConfigError, match=r"'grub' is not a choice; .*of a package of your own"):
        check_choice("grub", MODELS, "model")
    with pytest.raises(ConfigError, match=r"'a' is not a choice; choices: b$"):
        check_choice("a", {"b": 1}, "letter")


def test_corpora_are_imported_when_they_are_prepared() -> None:
    assert CORPORA["grid"] == "espnet_av.corpora.grid:prepare_grid"
    with pytest.raises(ConfigError, match="did you mean 'grid'"):
        load_prepare("gird")
