"""YAML to frozen dataclasses: typed, strict about keys, and sizes as people write them."""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import types
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import humanfriendly
import yaml

from espnet_av.atomic import atomic_write
from espnet_av.errors import ConfigError
from espnet_av.text_file import quoted
from espnet_av.yaml_file import parse_yaml, read_yaml_keys

C = TypeVar("C")

Seconds = Annotated[float, "seconds"]
"""A duration; `20s`, `1.5h` and plain numbers of seconds are read."""
Hertz = Annotated[int, "hertz"]
"""A sampling rate; `16k` and plain numbers are read."""
Bytes = Annotated[int, "bytes"]
"""A size on disk or in memory; `64MB` and plain numbers of bytes are read."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """Of a field that names an entry of a registry: `Annotated[str, Choice("train.x.PARTS")]`.

    The registry is read when a value is checked: its entries are listed in one place, and a
    configuration is imported without what it configures.
    """

    registry: str
    """Module below `espnet_av`, and the name of a mapping in it."""
    also: tuple[str, ...] = ()
    """What may stand instead of an entry."""
    but: tuple[str, ...] = ()
    """Entries that this field cannot have."""

    def names(self) -> list[str]:
        """Everything that the field may be."""
        module, _, name = self.registry.rpartition(".")
        entries = getattr(importlib.import_module(f"espnet_av.{module}"), name)
        return [*(entry for entry in entries if entry not in self.but), *self.also]


def load_config(cls: type[C], path: str | Path, overrides: Sequence[str] = ()) -> C:
    """Read a YAML file into the dataclass `cls`.

    Args:
        cls: a frozen keyword-only dataclass.
        path: YAML file; an empty file means every default.
        overrides: `key.sub=value` strings, applied in order; values are parsed as YAML.

    Raises:
        ConfigError: the file is missing or no YAML mapping, a key is unknown (the nearest valid
            one is named), a required key is missing, or a value has the wrong type.
    """
    path = Path(path)
    if not path.exists():
        msg = f"{path}: no such configuration file; check the --*config option"
        raise ConfigError(msg)
    mapping = read_yaml_keys(path, ConfigError, "correct it, or check the --*config option")
    for override in overrides:
        _apply_override(mapping, override)
    return build(cls, mapping, str(path))


def parse_value(text: str, where: str) -> Any:
    """Read a value as YAML reads it; `where` names it in errors.

    Raises:
        ConfigError: the text is no YAML.
    """
    try:
        return parse_yaml(text, where, ConfigError, "")
    except ConfigError as error:
        msg = f"{quoted(where)}: '{quoted(text)}' is not valid YAML; quote it, or close its bracket"
        raise ConfigError(msg) from error


def build(cls: type[C], mapping: Mapping[str, Any], where: str = "config") -> C:
    """Make the dataclass `cls` from a mapping, checking names and types; `where` is its source."""
    hints = get_type_hints(cls, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}  # type: ignore[arg-type]
    for key in mapping:
        if key not in fields:
            raise ConfigError(unknown_key_message(str(key), list(fields), where))
    for name, field in fields.items():
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if required and name not in mapping:
            msg = f"{where}: the key '{name}' is required; add it"
            raise ConfigError(msg)
    values = {key: _convert(value, hints[key], f"{where}: {key}") for key, value in mapping.items()}
    try:
        return cls(**values)
    except ConfigError:
        raise
    except ValueError as error:
        msg = f"{where}: {error}"
        raise ConfigError(msg) from error


def unknown_key_message(key: str, valid: Sequence[str], where: str) -> str:
    """Text for an unknown name: the nearest valid one first, then all of them."""
    near = difflib.get_close_matches(key, valid, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{where}: unknown key '{quoted(key)}'; {hint}valid keys: {', '.join(sorted(valid))}"


def to_dict(config: Any) -> dict[str, Any]:
    """Plain YAML-ready mapping of a config dataclass (paths as strings, tuples as lists)."""
    return {field.name: _plain(getattr(config, field.name)) for field in dataclasses.fields(config)}


def save_yaml(config: Any, path: str | Path) -> None:
    """Write a config dataclass as YAML that `load_config` reads back to an equal one."""
    with atomic_write(path) as stream:
        yaml.safe_dump(to_dict(config), stream, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_dict(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _apply_override(mapping: dict[str, Any], override: str) -> None:
    name, separator, value = override.partition("=")
    if not separator:
        msg = f"--override {quoted(override)}: expected key=value or key.sub=value"
        raise ConfigError(msg)
    *parents, last = name.split(".")
    node = mapping
    for parent in parents:
        child = node.setdefault(parent, {})
        if not isinstance(child, dict):
            msg = f"--override {quoted(override)}: '{parent}' holds a value, not a group of keys"
            raise ConfigError(msg)
        node = child
    node[last] = parse_value(value, f"--override {override}") if value else None


def _convert(value: Any, hint: Any, where: str) -> Any:
    origin = get_origin(hint)
    if hint is Any:
        return value
    if origin is Annotated:
        kind, note = get_args(hint)
        return _convert_annotated(value, kind, note, where)
    if origin in (Union, types.UnionType):
        return _convert_union(value, get_args(hint), where)
    if origin is Literal:
        return check_choice(value, get_args(hint), where)
    if origin in (list, tuple):
        return _convert_sequence(value, origin, get_args(hint), where)
    if origin is dict:
        if not isinstance(value, dict):
            raise _type_error(value, "key: value pairs", where)
        return {str(k): _convert(v, get_args(hint)[1], f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise _type_error(value, "key: value pairs", where)
        return build(hint, value, where)  # type: ignore[arg-type]
    return _convert_scalar(value, hint, where)


def _convert_scalar(value: Any, hint: Any, where: str) -> Any:
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, str):
        # YAML 1.1 reads 1e-3 as text; users write it all the time.
        try:
            return float(value)
        except ValueError:
            raise _type_error(value, "a number", where) from None
    if hint is int and isinstance(value, bool):
        raise _type_error(value, "a whole number", where)
    if isinstance(value, hint):
        return value
    raise _type_error(value, {int: "a whole number", bool: "true or false"}.get(hint), where, hint)


def _convert_annotated(value: Any, kind: Any, note: Choice | str, where: str) -> Any:
    if isinstance(note, Choice):
        return check_choice(value, note.names(), where)
    return _convert_quantity(value, kind, note, where)


def _convert_quantity(value: Any, kind: Any, unit: str, where: str) -> Any:
    parsers = {
        "seconds": humanfriendly.parse_timespan,
        "hertz": humanfriendly.parse_size,
        "bytes": humanfriendly.parse_size,
    }
    if isinstance(value, str):
        try:
            return kind(parsers[unit](value))
        except humanfriendly.InvalidSize as error:
            raise _type_error(value, f"a number of {unit}", where) from error
        except humanfriendly.InvalidTimespan as error:
            raise _type_error(value, f"a number of {unit}", where) from error
    return _convert_scalar(value, kind, where)


def _convert_union(value: Any, options: tuple[Any, ...], where: str) -> Any:
    if value is None and type(None) in options:
        return None
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return _convert(value, option, where)
        except ConfigError as error:
            errors.append(error)
    raise errors[0]


def check_choice(value: C, choices: Collection[Any], where: str) -> C:
    """The value, if it is one of the choices, as of a registry.

    Raises:
        ConfigError: it is none; the nearest and all of them are named.
    """
    if value in choices:
        return value
    near = difflib.get_close_matches(str(value), [str(choice) for choice in choices], n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    msg = (
        f"{where}: '{quoted(value)}' is not a choice; {hint}choices: {', '.join(map(str, choices))}"
    )
    # A registry has those of packages too.
    raise ConfigError(msg + getattr(choices, "others", ""))


def _convert_sequence(value: Any, origin: type, args: tuple[Any, ...], where: str) -> Any:
    if not isinstance(value, (list, tuple)):
        raise _type_error(value, "a list", where)
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(value) != len(args):
            raise _type_error(value, f"{len(args)} values", where)
        return tuple(_convert(v, a, f"{where}[{i}]") for i, (v, a) in enumerate(zip(value, args)))  # noqa: B905
    item = args[0] if args else Any
    return origin(_convert(v, item, f"{where}[{i}]") for i, v in enumerate(value))


def _type_error(value: Any, expected: str | None, where: str, hint: Any = None) -> ConfigError:
    expected = expected or f"a {getattr(hint, '__name__', hint)}"
    found = f"{quoted(repr(value))} ({type(value).__name__})"
    return ConfigError(f"{where}: expected {expected}, found {found}")
