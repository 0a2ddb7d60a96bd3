"""Weights under other names: a table of rules, read in either direction, and a strict account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from torch import Size, Tensor

from espnet_av.errors import CheckpointError

_FIELD = re.compile(r"\{(\w+)\}")
_FIELDS = {"n": r"\d+", "m": r"\d+", "rest": r".+"}
_OTHER_FIELD = r"[A-Za-z0-9_]+"
_SHOWN = 12


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Names are patterns: `{n}` and `{m}` are numbers, `{rest}` is everything that follows, any other
    field is one part between dots. A name may match several rules; then it goes to all targets.
    """

    source: str
    """Their name."""
    target: str
    """Our name, with the fields of `source`."""
    change: Callable[[Tensor], Tensor] | None = None
    """What is done to the tensor; None = nothing, and the rule can be read backwards."""


@dataclass(frozen=True)
class Dropped:
    """Names of theirs that have no place in our model."""

    source: str
    """Pattern as in `Rule`."""
    reason: str
    """Why nothing is lost, or what is."""


@dataclass
class KeyReport:
    """What became of every name on both sides."""

    used: list[tuple[str, str]] = field(default_factory=list)
    """(theirs, ours)."""
    dropped: list[tuple[str, str]] = field(default_factory=list)
    """(theirs, reason)."""
    fresh: list[str] = field(default_factory=list)
    """Ours that the source does not have, and need not: they begin untrained."""
    unused: list[str] = field(default_factory=list)
    """Theirs that no rule knows, or whose target our model does not have: an error."""
    missing: list[str] = field(default_factory=list)
    """Ours that the source should have had: an error."""
    mismatched: list[str] = field(default_factory=list)
    """Of another shape: an error."""

    def text(self, every: bool = False) -> str:
        """Counts, and the names behind all but `used`; `every` lists those too, and all of each."""
        shown: dict[str, list[str]] = {
            "used": [f"{theirs} -> {ours}" for theirs, ours in self.used] if every else [],
            "dropped": [f"{theirs} ({reason})" for theirs, reason in self.dropped],
            "fresh": self.fresh,
            "unused": self.unused,
            "missing": self.missing,
            "another shape": self.mismatched,
        }
        counts = [f"{len(self.used)} used", f"{len(self.dropped)} dropped"]
        counts += [f"{len(self.fresh)} fresh", f"{len(self.unused)} unused"]
        counts += [f"{len(self.missing)} missing", f"{len(self.mismatched)} of another shape"]
        lines = [", ".join(counts)]
        for kind, names in shown.items():
            limit = len(names) if every else _SHOWN
            lines += [f"  {kind}: {name}" for name in names[:limit]]
            if len(names) > limit:
                lines.append(f"  {kind}: and {len(names) - limit} more")
        return "\n".join(lines)

    def check(self, path: Path, family: str) -> None:
        """Stop unless every name is accounted for.

        Raises:
            CheckpointError: one is not; the whole report is in the message.
        """
        if self.unused or self.missing or self.mismatched:
            msg = (
                f"{path}: not a complete {family} checkpoint; choose another --family, or get the "
                f"file again: {self.text()}"
            )
            raise CheckpointError(msg)


@dataclass(frozen=True)
class KeyMap:
    """A table of names."""

    rules: tuple[Rule, ...]
    dropped: tuple[Dropped, ...] = ()
    """What the source may have beside them."""
    optional: tuple[str, ...] = ()
    """Patterns of targets that the source need not have."""

    def apply(
        self, weights: Mapping[str, Tensor], targets: Mapping[str, Size]
    ) -> tuple[dict[str, Tensor], KeyReport]:
        """Renames weights, and accounts for every name of both sides.

        Args:
            weights: theirs.
            targets: name -> shape of every weight of the other side.

        Returns:
            (weights under the names of the other side, in its order; the account).
        """
        found: dict[str, Tensor] = {}
        report = KeyReport()
        refused: set[str] = set()
        for name, tensor in weights.items():
            places = [pair for pair in self.places(name) if pair[0] in targets]
            for target, change in places:
                value = tensor if change is None else change(tensor)
                if target in found or value.shape != targets[target]:
                    shapes = f"{tuple(value.shape)} -> {target} {tuple(targets[target])}"
                    twice = " (a second time)" if target in found else ""
                    report.mismatched.append(f"{name} {shapes}{twice}")
                    refused.add(target)
                    continue
                found[target] = value
                report.used.append((name, target))
            if not places:
                self._leave(name, report)
        for name in targets:
            if name not in found and name not in refused:
                (report.fresh if _matches(self.optional, name) else report.missing).append(name)
        return {name: found[name] for name in targets if name in found}, report

    def shapes(self, weights: Mapping[str, Tensor]) -> dict[str, Size]:
        """Our name -> shape of the tensor that it comes from, for all names that a rule knows."""
        return {
            target: tensor.shape
            for name, tensor in weights.items()
            for target, _ in self.places(name)
        }

    def inverted(self, dropped: Sequence[Dropped] = (), optional: Sequence[str] = ()) -> KeyMap:
        """The same table from our names to theirs; other things may be dropped on this way."""
        changing = [rule.source for rule in self.rules if rule.change is not None]
        assert not changing, f"rules that change a tensor cannot be read backwards: {changing}"
        rules = tuple(Rule(rule.target, rule.source) for rule in self.rules)
        return KeyMap(rules, tuple(dropped), tuple(optional))

    def places(self, name: str) -> list[tuple[str, Callable[[Tensor], Tensor] | None]]:
        """Targets of a name of theirs, and what is done to the tensor on its way."""
        matches = ((rule, _regex(rule.source).fullmatch(name)) for rule in self.rules)
        return [(rule.target.format(**m.groupdict()), rule.change) for rule, m in matches if m]

    def _leave(self, name: str, report: KeyReport) -> None:
        for drop in self.dropped:
            if _regex(drop.source).fullmatch(name):
                report.dropped.append((name, drop.reason))
                return
        report.unused.append(name)


def prefixed(rules: Iterable[Rule], prefix: str) -> tuple[Rule, ...]:
    """The same rules for sources whose names begin with `prefix`."""
    return tuple(Rule(prefix + rule.source, rule.target, rule.change) for rule in rules)


def _matches(patterns: Sequence[str], name: str) -> bool:
    return any(_regex(pattern).fullmatch(name) for pattern in patterns)


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern."""
    parts = _FIELD.split(pattern)
    # Literals at even places, names of fields at odd ones.
    text = "".join(
        f"(?P<{part}>{_FIELDS.get(part, _OTHER_FIELD)})" if i % 2 else re.escape(part)
        for i, part in enumerate(parts)
    )
    return re.compile(text)
