"""Reading YAML: nothing is lost in it silently, and nothing in it can take the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from espnet_av.errors import AVError
from espnet_av.text_file import decode_text, quoted, read_text

_MAX_DEPTH = 64
_MAX_NODES = 200_000
"""Values of a file, each alias counted as what it stands for."""


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key is given once, aliases stay small and nothing is nested too deep."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """A value; text that PyYAML takes for a date or a number, and is none, has its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError, LookupError, AttributeError) as error:
            kind = node.tag.rsplit(":", 1)[-1]
            told = f"{str(node.value)[:40]!r} is no {kind} ({error}); as text it is put in quotes"
            raise yaml.MarkedYAMLError(problem=told, problem_mark=node.start_mark) from error

    def compose_node(self, parent: Any, index: Any) -> Any:
        """One value, with those in it."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {_MAX_DEPTH} deep", problem_mark=mark
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        """A group of keys; PyYAML keeps the last value of a key and loses the others."""
        node = super().compose_mapping_node(anchor)
        first: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line, name = key.start_mark.line + 1, (key.tag, key.value)
            if name in first:
                raise yaml.MarkedYAMLError(
                    problem=f"the key '{quoted(key.value)}' is given twice, in line {first[name]} "
                    f"and in line {line}; keep one of them",
                    problem_mark=key.start_mark,
                )
            first[name] = line
        return node

    def get_single_node(self) -> Any:
        """The whole document."""
        node = super().get_single_node()
        if node is not None and _num_values(node, {}, ()) > _MAX_NODES:
            raise yaml.MarkedYAMLError(
                problem=f"stands for more than {_MAX_NODES} values, its aliases written out"
            )
        return node


def parse_yaml(text: str, where: str | Path, kind: type[AVError], cure: str) -> Any:
    """Value of a YAML text.

    Raises:
        kind: not valid YAML, a key that is given twice (both lines are named), or more than is
            reasonable.
    """
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        told = quoted(" ".join(filter(None, (error.context, error.problem))))
        if "'\\t'" in told:
            told += ", a tab: indent by spaces"
        msg = f"{where}: not valid YAML: {line}{told}; {cure}"
        raise kind(msg) from error
    except (yaml.YAMLError, RecursionError) as error:
        msg = f"{where}: not valid YAML: {quoted(' '.join(str(error).split()))}; {cure}"
        raise kind(msg) from error


def read_yaml(path: str | Path, kind: type[AVError], cure: str) -> Any:
    """Value of a YAML file; None of an empty one. Errors as in `read_text` and `parse_yaml`."""
    return parse_yaml(read_text(path, kind, cure), path, kind, cure)


def read_yaml_keys(path: str | Path, kind: type[AVError], cure: str) -> dict[str, Any]:
    """Content of a YAML file of `key: value` lines; nothing of an empty one.

    Raises:
        kind: as `read_yaml`, or it is of another form.
    """
    return _as_keys(read_yaml(path, kind, cure), path, kind, cure)


def parse_yaml_keys(
    content: bytes, where: str | Path, kind: type[AVError], cure: str
) -> dict[str, Any]:
    """The same of bytes that are read already; `where` names them in errors."""
    text = decode_text(content, where, kind, cure)
    return _as_keys(parse_yaml(text, where, kind, cure), where, kind, cure)


def _as_keys(content: Any, where: str | Path, kind: type[AVError], cure: str) -> dict[str, Any]:
    content = {} if content is None else content
    if not isinstance(content, dict):
        msg = f"{where}: expected 'key: value' lines, found a {type(content).__name__}; {cure}"
        raise kind(msg)
    return content


def _num_values(node: Any, known: dict[int, int], above: tuple[int, ...]) -> int:
    """Values in a node; what an alias stands for is counted each time, but looked at once.

    Raises:
        yaml.YAMLError: a node is in itself.
    """
    if id(node) in above:
        raise yaml.MarkedYAMLError(
            problem="an alias stands for a group that it is in", problem_mark=node.start_mark
        )
    if id(node) not in known:
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        inner = [part for item in parts for part in (item if isinstance(item, tuple) else (item,))]
        path = (*above, id(node))
        known[id(node)] = 1 + sum(_num_values(part, known, path) for part in inner)
    return known[id(node)]
