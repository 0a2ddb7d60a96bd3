"""One small change of a source file: where it can be made, and what the file is with it."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "cumsum": "cumprod"}
_OPAQUE = (ast.JoinedStr, ast.FormattedValue, ast.AnnAssign, ast.arguments)


@dataclass(frozen=True)
class Mutant:
    """A change of one expression or statement."""

    path: str
    """File, from the root of the tree."""
    line: int
    """Line of the change, from 1."""
    before: str
    """The code that is changed."""
    after: str
    """What it becomes."""
    source: str
    """The whole file with the change, its comments gone."""

    @property
    def key(self) -> str:
        """The mutant in a word or two, for lists and for going on after a stop."""
        return f"{self.path}:{self.line}: {self.before} -> {self.after}"


def sample(
    root: Path, folder: str, count: int, lines: dict[str, set[int]], seed: int
) -> list[Mutant]:
    """Draw changes at random over the lines of a folder that some test reaches.

    Args:
        root: the tree.
        folder: part of the package, as `espnet_av/ops`.
        count: how many; fewer if there are no more.
        lines: for each file the lines that tests reach.
        seed: the same seed and sources give the same mutants.
    """
    files = sorted(path for path in (root / folder).rglob("*.py") if not _draws(path))
    places = [(path, number) for path in files for number in range(_count(path))]
    random.Random(seed).shuffle(places)
    found: list[Mutant] = []
    for path, number in places:
        if len(found) == count:
            break
        mutant = _make(root, path, number)
        if mutant.line in lines.get(mutant.path, ()):
            found.append(mutant)
    return found


def _draws(path: Path) -> bool:
    """True for files that draw: what a picture's sizes and colours are is no claim of ours."""
    return path.name.startswith(("plot", "picture", "talking_face"))


def _count(path: Path) -> int:
    return sum(1 for _ in _changes(ast.parse(path.read_text(encoding="utf-8"))))


def _make(root: Path, path: Path, number: int) -> Mutant:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    node, change = next(item for index, item in enumerate(_changes(tree)) if index == number)
    before = ast.unparse(node)
    change()
    after = ast.unparse(node) if not isinstance(node, ast.Expr) else "(nothing)"
    name = str(path.relative_to(root))
    short = (before.splitlines()[0], after.splitlines()[0])
    return Mutant(name, node.lineno, *short, source=ast.unparse(tree))


def _changes(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, Callable[[], None]]]:
    """Yield every place of a file with what changes it there, in the order of the file."""
    for node in _within(tree):
        yield from ((node, change) for change in _of(node))


def _within(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Go through a tree, leaving out messages, declarations and what only types see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _OPAQUE) or _is_message(child):
            continue
        yield from _with_itself(child)


def _with_itself(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        # Not its decorators, defaults and bases.
        for inner in node.body:
            if not isinstance(inner, _OPAQUE) and not _is_message(inner):
                yield from _with_itself(inner)
        return
    if isinstance(node, (ast.expr, ast.stmt)):
        yield node
    yield from _within(node)


def _is_message(node: ast.AST) -> bool:
    """True for logging, for what builds a message, and for blocks that only types see."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) in ("msg", "message", "__all__")
    if isinstance(node, ast.AugAssign):
        return ast.unparse(node.target) in ("msg", "message")
    called = node.value.func if _is_call(node) else None
    return called is not None and ast.unparse(called).startswith(("logging.", "logger.", "log."))


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _of(node: ast.expr | ast.stmt) -> Iterator[Callable[[], None]]:
    """Yield what can be changed at this node itself."""
    for kind, change in _CHANGES.items():
        if isinstance(node, kind):
            yield from change(node)


def _of_comparison(node: ast.Compare) -> Iterator[Callable[[], None]]:
    if type(node.ops[0]) in _COMPARED:
        yield lambda: node.ops.__setitem__(0, _COMPARED[type(node.ops[0])]())


def _of_operation(node: ast.BinOp | ast.AugAssign) -> Iterator[Callable[[], None]]:
    if type(node.op) in _COMPUTED and not _is_of_words(node):
        yield lambda: setattr(node, "op", _COMPUTED[type(node.op)]())


def _of_condition(node: ast.If | ast.While | ast.IfExp) -> Iterator[Callable[[], None]]:
    yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))


def _of_logic(node: ast.BoolOp) -> Iterator[Callable[[], None]]:
    other = ast.Or if isinstance(node.op, ast.And) else ast.And
    yield lambda: setattr(node, "op", other())


def _of_sign(node: ast.UnaryOp) -> Iterator[Callable[[], None]]:
    if isinstance(node.op, ast.USub):
        yield lambda: setattr(node, "op", ast.UAdd())
    if isinstance(node.op, ast.Not):
        yield lambda: setattr(node, "operand", ast.UnaryOp(ast.Not(), node.operand))


def _of_call(node: ast.Call) -> Iterator[Callable[[], None]]:
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield lambda: setattr(node.func, "id", _NAMES[node.func.id])


def _of_return(node: ast.Return) -> Iterator[Callable[[], None]]:
    if node.value is not None and not isinstance(node.value, ast.Constant):
        yield lambda: setattr(node, "value", ast.Constant(None))


def _of_statement(node: ast.Expr) -> Iterator[Callable[[], None]]:
    if isinstance(node.value, ast.Call):
        yield lambda: setattr(node, "value", ast.Constant(None))


def _of_constant(node: ast.Constant) -> Iterator[Callable[[], None]]:
    if isinstance(node.value, bool):
        yield lambda: setattr(node, "value", not node.value)
    elif isinstance(node.value, (int, float)):
        yield lambda: setattr(node, "value", node.value + 1)


_CHANGES: dict[Any, Callable[[Any], Iterator[Callable[[], None]]]] = {
    ast.Compare: _of_comparison,
    (ast.BinOp, ast.AugAssign): _of_operation,
    (ast.If, ast.While, ast.IfExp): _of_condition,
    ast.BoolOp: _of_logic,
    ast.UnaryOp: _of_sign,
    ast.Call: _of_call,
    ast.Return: _of_return,
    ast.Expr: _of_statement,
    ast.Constant: _of_constant,
}


def _is_of_words(node: ast.BinOp | ast.AugAssign) -> bool:
    """True for sums of words and for paths: a change of these fails whatever the tests ask."""
    if isinstance(node, ast.AugAssign):
        return False
    sides = (node.left, node.right)
    words = [isinstance(s, ast.Constant) and isinstance(s.value, str) for s in sides]
    return any(words) or any(isinstance(side, ast.JoinedStr) for side in sides)
