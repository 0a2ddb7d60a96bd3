"""Configuration files: types, quantities, strict names, round trip."""

from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import pytest

import espnet_av
from espnet_av.config import (
    Bytes,
    Choice,
    Hertz,
    Seconds,
    build,
    load_config,
    save_yaml,
    to_dict,
)
from espnet_av.errors import ConfigError
from espnet_av.predict.kinds import KINDS

PACKAGE = Path(espnet_av.__file__).parent


@dataclass(frozen=True, kw_only=True)
class Inner:
    width: int = 64
    rate: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    fs: Hertz = 16000
    longest: Seconds = 20.0
    cache: Bytes = 0
    kind: Literal["a", "v", "av"] = "av"
    out: Path | None = None
    flag: bool = False
    snrs: tuple[float, ...] = (0.0,)
    pair: tuple[int, int] = (1, 2)
    names: list[str] = field(default_factory=list)
    inner: Inner = field(default_factory=Inner)
    free: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.longest <= 0:
            msg = f"longest must be positive, found {self.longest}"
            raise ValueError(msg)


def test_quantities_are_read_as_people_write_them() -> None:
    config = build(Outer, {"name": "x", "fs": "16k", "longest": "1.5h", "cache": "64MB"})
    assert (config.fs, config.longest, config.cache) == (16000, 5400.0, 64_000_000)
    assert build(Outer, {"name": "x", "longest": "0.2s"}).longest == pytest.approx(0.2)


def test_yaml_scientific_notation_without_a_dot_is_a_number() -> None:
    assert build(Outer, {"name": "x", "inner": {"rate": "1e-3"}}).inner.rate == 1e-3


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"name": "x", "inner": {"widht": 3}}, r"inner: unknown key 'widht'; did you mean 'width'"),
        ({"name": "x", "nmae": 1}, r"did you mean 'name'"),
        ({}, r"'name' is required"),
        ({"name": 3}, r"name: expected a str, found 3"),
        ({"name": "x", "flag": "yes"}, r"flag: expected true or false"),
        ({"name": "x", "inner": {"width": True}}, r"width: expected a whole number"),
        ({"name": "x", "inner": {"width": 1.5}}, r"width: expected a whole number"),
        ({"name": "x", "kind": "va"}, r"kind: 'va' is not a choice"),
        ({"name": "x", "fs": "fast"}, r"fs: expected a number of hertz"),
        ({"name": "x", "pair": [1]}, r"pair: expected 2 values"),
        ({"name": "x", "snrs": 5}, r"snrs: expected a list"),
        ({"name": "x", "inner": 4}, r"inner: expected key: value pairs"),
        ({"name": "x", "longest": -1}, r"config: longest must be positive, found -1"),
    ],
)
def test_mistakes_are_named(mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(Outer, mapping)


def test_file_overrides_and_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("name: base\ninner: {width: 8}\nsnrs: [5, -5]\n", encoding="utf-8")
    config = load_config(Outer, path, ["inner.rate=1e-4", "kind=v", "out=some/where"])
    assert (config.inner, config.kind) == (Inner(width=8, rate=1e-4), "v")
    assert (config.out, config.snrs) == (Path("some/where"), (5.0, -5.0))
    save_yaml(config, tmp_path / "again.yaml")
    assert load_config(Outer, tmp_path / "again.yaml") == config
    assert to_dict(config)["out"] == "some/where"


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: no such configuration file"):
        load_config(Outer, tmp_path / "none.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [1", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.yaml: not valid YAML"):
        load_config(Outer, bad)
    bad.write_text("- 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="found a list"):
        load_config(Outer, bad)
    bad.write_text("name: x\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="expected key=value"):
        load_config(Outer, bad, ["name"])
    with pytest.raises(ConfigError, match=r"--override name=\[1: '\[1' is not valid YAML"):
        load_config(Outer, bad, ["name=[1"])
    with pytest.raises(ConfigError, match="'name' holds a value"):
        load_config(Outer, bad, ["name.sub=1"])


def test_messages_quote_little_of_a_value(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    long = "x" * 100_000
    for line in (f"{long}: 1", f"longest: [{long}]", f"kind: {long}", f"inner: {long}"):
        path.write_text(f"name: x\n{line}", encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load_config(Outer, path)
        assert len(str(caught.value)) < 1500
    for override in (long, f"a=[{long}", f"longest=[{long}]", f"kind={long}"):
        path.write_text("", encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load_config(Outer, path, [override])
        assert len(str(caught.value)) < 1500


def test_configuration_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a folder, where a file is expected; .*config option"):
        load_config(Outer, tmp_path)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    kind: Annotated[str, Choice("predict.kinds.KINDS", also=("none",), but=("frames",))] = "text"
    more: tuple[Annotated[str, Choice("predict.kinds.KINDS")], ...] = ()


def test_choice_is_read_from_its_registry_when_a_value_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert build(Chosen, {"kind": "label", "more": ["frames"]}) == Chosen(
        kind="label", more=("frames",)
    )
    assert build(Chosen, {"kind": "none"}).kind == "none"
    monkeypatch.setitem(KINDS, "smell", KINDS["text"])
    assert build(Chosen, {"kind": "smell"}).kind == "smell"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"kind": "lable"}, "config: kind: 'lable' is not a choice; did you mean 'label'.*, none$"),
        ({"kind": "frames"}, "'frames' is not a choice; "),
        ({"kind": ["text"]}, "is not a choice; "),
        ({"kind": None}, "'None' is not a choice; "),
        ({"kind": {"text": 1}}, "is not a choice; "),
        ({"more": ["none"]}, r"more\[0\]: 'none' is not a choice; "),
    ],
)
def test_a_wrong_choice_is_named_beside_the_nearest(mapping: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(Chosen, mapping)


def chosen_fields() -> list[tuple[type, str, Choice]]:
    """Every field of the package that names an entry of a registry."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "Choice(" not in path.read_text(encoding="utf-8"):
            continue
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for owner in vars(importlib.import_module(name)).values():
            if dataclasses.is_dataclass(owner) and getattr(owner, "__module__", "") == name:
                hints = get_type_hints(owner, include_extras=True)
                for key in vars(owner).get("__annotations__", {}):
                    notes = getattr(hints[key], "__metadata__", ())
                    found += [(owner, key, note) for note in notes if isinstance(note, Choice)]
    return found  # type: ignore[return-value]


def test_every_choice_of_the_package_has_its_registry_and_its_default() -> None:
    fields = chosen_fields()
    assert len(fields) > 12
    for owner, key, choice in fields:
        names = choice.names()
        assert len(names) > 1 and set(choice.also) <= set(names), (owner, key)
        assert not set(choice.but) & set(names), (owner, key)
        build(owner, {key: getattr(owner, key)})  # the default is among them
        with pytest.raises(ConfigError, match=rf"{key}: 'x' is not a choice; .*{names[0]}"):
            build(owner, {key: "x"})
