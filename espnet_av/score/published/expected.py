"""What a recipe expects of its scores: `expected_scores.yaml`, and how the scores compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from espnet_av.config import build, unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.predict.condition import CLEAN, parse_noise
from espnet_av.score.metric import Metric, is_error
from espnet_av.score.published.tables import Published
from espnet_av.score.scoring import Scoring
from espnet_av.yaml_file import read_yaml


@dataclass(frozen=True, kw_only=True)
class Target:
    """One line of `targets`."""

    set: str
    """Name of the test set."""
    mode: Literal["A", "V", "AV"]
    """Modalities."""
    noise: str = CLEAN
    """`clean` or `category:dB`."""
    metric: Metric = "wer"
    """Error rate of words or characters, or BLEU; if not given, the metric of `scoring`."""
    target: float
    """In percent or BLEU points; with `ratio_to`, in percent of the other mode's figure."""
    ratio_to: Literal["A", "V", "AV"] | None = None
    """Compare with the same figure of this mode, same set and noise, instead of a fixed one."""
    op: Literal["<=", ">=", "~"] = "<="
    """Whether the score must not exceed the target, reach it, or is only compared with it; if not
    given, an error rate must not exceed it and BLEU must reach it."""
    lang: str | None = None
    """Language of a multilingual set; null: all of it."""
    note: str = ""
    """Where the number comes from."""


@dataclass(frozen=True, kw_only=True)
class Expected(Published):
    """The whole file."""

    scoring: Scoring = field(default_factory=Scoring)
    """How texts are compared."""
    targets: list[Target] = field(default_factory=list)
    """What this recipe must reach, or is compared with."""


@dataclass(frozen=True)
class Comparison:
    """A target beside what was measured."""

    target: Target
    got: float | None
    """In percent or BLEU points; None = not run here."""

    @property
    def is_met(self) -> bool | None:
        """None when not run, or when the target is only there to compare with."""
        if self.got is None or self.target.op == "~":
            return None
        below = self.got <= self.target.target
        above = self.got >= self.target.target
        return below if self.target.op == "<=" else above


def read_expected(path: str | Path) -> Expected:
    """Read `expected_scores.yaml`; a file that is a list holds the `targets` and nothing else.

    Raises:
        ConfigError: it is missing, of another form, has an unknown key or a wrong value, or a
            target asks for a figure that its metric does not give.
    """
    path = Path(path)
    content = read_yaml(path, ConfigError, "check --expected") or {}
    if isinstance(content, list):
        content = {"targets": content}
    entries = content.get("targets", []) if isinstance(content, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        msg = f"{path}: expected a list of targets: '- {{set: test, mode: AV, target: 5.0}}'"
        raise ConfigError(msg)
    scoring = build(Expected, {"scoring": content.get("scoring", {})}, str(path)).scoring
    content["targets"] = [
        _with_defaults(entry, scoring, f"{path}: targets: entry {number}")
        for number, entry in enumerate(entries, 1)
    ]
    return build(Expected, content, str(path))


def _with_defaults(entry: dict[str, Any], scoring: Scoring, where: str) -> dict[str, Any]:
    metric = entry.get("metric", scoring.metric)
    target = build(Target, {"metric": metric, "op": _usual_op(metric)} | entry, where)
    parse_noise(target.noise)
    if is_error(target.metric) != is_error(scoring.metric):
        msg = f"{where}: metric {target.metric}, but scoring says metric: {scoring.metric}"
        raise ConfigError(msg)
    return {"metric": metric, "op": _usual_op(metric)} | entry


def _usual_op(metric: str) -> str:
    return ">=" if metric == "bleu" else "<="


def check_system(expected: Expected, system: str) -> None:
    """Check that a model is one of the file's `systems`.

    Raises:
        ConfigError: it is not; the nearest is named.
    """
    if system not in expected.systems:
        where = "--system" if expected.systems else "--system: expected_scores.yaml lists none"
        raise ConfigError(unknown_key_message(system, list(expected.systems), where))


def compare(targets: Sequence[Target], conditions: Sequence[Mapping[str, Any]]) -> list[Comparison]:
    """Find the score of each target among the records of `scores.json`."""
    found = {
        (record["set"], record["mode"], parse_noise(record["noise"])): record
        for record in conditions
    }

    def figure(target: Target, mode: str) -> float | None:
        record = found.get((target.set, mode, parse_noise(target.noise)))
        if record is not None and target.lang is not None:
            record = record.get("by_lang", {}).get(target.lang)
        return float(record[target.metric]["rate"]) if record else None

    comparisons = []
    for target in targets:
        got = figure(target, target.mode)
        if target.ratio_to is not None:
            other = figure(target, target.ratio_to)
            got = 100.0 * got / other if got is not None and other else None
        comparisons.append(Comparison(target, got))
    return comparisons
