"""Figures made of others: means over groups of test sets, and differences and ratios of them.

`groups: {high: [de, fr], low: [el, ru]}` and `derived: {trfgap: high - low}`: an expression holds
groups, test sets and other derived figures, numbers, + - * / and parentheses.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from espnet_av.errors import ConfigError
from espnet_av.score.metric import Metric
from espnet_av.score.record import Record, axes_of, further_axes, is_complete, select

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_MAX_LENGTH = 200


def check_derived(groups: Mapping[str, Sequence[str]], derived: Mapping[str, str]) -> None:
    """Check groups and expressions, as far as that can be done without figures.

    Raises:
        ConfigError: a name stands for two things, a group is empty, an expression is none, or one
            is made of itself.
    """
    for name in sorted(groups.keys() & derived.keys()):
        msg = f"derived: {name}: is a group, too; give it another name"
        raise ConfigError(msg)
    for name, members in groups.items():
        if not members:
            msg = f"groups: {name}: expected names of test sets, got {list(members)}"
            raise ConfigError(msg)
    parts = {name: list(_names(_parse(name, text))) for name, text in derived.items()}
    for name in (*derived, *groups):
        _check_made_of(name, {**groups, **parts}, ())


def _check_made_of(name: str, parts: Mapping[str, Sequence[str]], above: tuple[str, ...]) -> None:
    if name in above:
        msg = f"derived: {' -> '.join((*above, name))}: is made of itself"
        raise ConfigError(msg)
    for part in parts.get(name, ()):
        _check_made_of(part, parts, (*above, name))


def derived_records(
    groups: Mapping[str, Sequence[str]],
    derived: Mapping[str, str],
    records: Sequence[Record],
    metrics: Sequence[Metric],
) -> list[dict[str, Any]]:
    """A record for each group and derived figure, under its name as `set`, where it can be made.

    It is made apart in each mode, noise and further axis, of records with all of their video.

    Args:
        groups: name -> test sets, whose unweighted mean it is; `set/lang` is one language of one.
        derived: name -> expression.
        records: of `scores.json`.
        metrics: whose figures are made.
    """
    complete = [record for record in records if is_complete(record)]
    made: list[dict[str, Any]] = []
    for axes in _places(complete):
        here = select(complete, axes)
        for name in (*groups, *derived):
            figures = {
                metric.name: value
                for metric in metrics
                if (value := _value(name, groups, derived, here, metric.name)) is not None
            }
            if figures:
                rates = {key: {"rate": round(value, 3)} for key, value in figures.items()}
                made.append({"set": name, **axes, "axes": {"set": name, **axes}, **rates})
    return made


def _places(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Mode, noise and further axes, each combination once."""
    found: dict[tuple[tuple[str, Any], ...], None] = {}
    for record in records:
        axes = axes_of(record)
        place = {"mode": axes["mode"], "noise": axes["noise"], "missing": None}
        found[tuple({**place, **further_axes(record)}.items())] = None
    return [dict(place) for place in found]


def _value(
    name: str,
    groups: Mapping[str, Sequence[str]],
    derived: Mapping[str, str],
    records: Sequence[Record],
    metric: str,
) -> float | None:
    """None: a part was not run, or a divisor is 0."""

    def value(part: str) -> float | None:
        return _value(part, groups, derived, records, metric)

    if name in groups:
        parts = [value(member) for member in groups[name]]
        present = [part for part in parts if part is not None]
        return sum(present) / len(present) if len(present) == len(parts) else None
    if name in derived:
        return _evaluate(_parse(name, derived[name]), value)
    set_name, slash, lang = name.partition("/")
    found: Record | None = next(iter(select(records, {"set": set_name})), None)
    if found is not None and slash:
        found = found.get("by_lang", {}).get(lang)
    return float(found[metric]["rate"]) if found is not None and metric in found else None


def _parse(name: str, text: str) -> ast.expr:
    try:
        if len(text) > _MAX_LENGTH:
            raise SyntaxError
        tree = ast.parse(text.strip(), mode="eval").body
        list(_names(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        msg = (
            f"derived: {name}: '{text[:80]}' is no expression; use names of groups and test sets, "
            "numbers, + - * / and parentheses, as in 'high - low'"
        )
        raise ConfigError(msg) from error
    return tree


def _names(node: ast.expr) -> Iterable[str]:
    """The names in an expression; raises ValueError where there is anything but arithmetic."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            yield from _names(left)
            yield from _names(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _names(operand)
        case _:
            raise ValueError(ast.dump(node))


def _evaluate(node: ast.expr, value: Callable[[str], float | None]) -> float | None:
    match node:
        case ast.Name(id=name):
            return value(name)
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.UnaryOp(operand=operand):
            found = _evaluate(operand, value)
            return None if found is None else -found
        case ast.BinOp(left=left, op=op, right=right):
            first, second = _evaluate(left, value), _evaluate(right, value)
            if first is None or second is None or (isinstance(op, ast.Div) and second == 0):
                return None
            return _OPERATORS[type(op)](first, second)
    return None
