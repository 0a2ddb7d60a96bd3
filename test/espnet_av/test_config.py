"""Configuration files: types, quantities, strict names, round trip."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from espnet_av.config import Bytes, Hertz, Seconds, build, load_config, save_yaml, to_dict
from espnet_av.errors import ConfigError


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
