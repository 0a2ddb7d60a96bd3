"""What a recipe expects of its scores: `expected_scores.yaml`, and how the scores compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from espnet_av.config import build, check_choice, unknown_key_message
from espnet_av.data.dataset_config import Modalities
from espnet_av.errors import ConfigError
from espnet_av.predict.condition import CLEAN, parse_noise
from espnet_av.score.published.derived import check_derived
from espnet_av.score.published.tables import Published
from espnet_av.score.record import Record, further_axes, is_complete, select
from espnet_av.score.scorers import SCORERS, check_scoring, metric_of, metrics_of, scorer_of
from espnet_av.score.scoring import Scoring
from espnet_av.yaml_file import read_yaml


@dataclass(frozen=True, kw_only=True)
class Target:
    """One line of `targets`."""

    set: str
    """Name of the test set, of one of the `groups`, or of a `derived` figure."""
    mode: Modalities
    """Modalities."""
    noise: str = CLEAN
    """`clean` or `category:dB`."""
    metric: str = "wer"
    """What is judged; if not given, the metric of `scoring`, else another of the same scorer."""
    target: float
    """In the unit of the metric; with `ratio_to`, in percent of the other mode's figure."""
    ratio_to: Modalities | None = None
    """Compare with the same figure of this mode, same set and noise, instead of a fixed one."""
    op: Literal["<=", ">=", "~"] = "<="
    """Whether the score must not exceed the target, reach it, or is only compared with it; if not
    given, what the metric says is better."""
    axes: dict[str, str] = field(default_factory=dict)
    """What else tells the records of one set, mode and noise apart, as `direction`."""
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

    def __post_init__(self) -> None:
        super().__post_init__()
        check_derived(self.groups, self.derived)
        for table in self.tables:
            if table.metric:
                metric_of(table.metric)


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
    check_scoring(scoring, f"{path}: scoring")
    content["targets"] = [
        _with_defaults(entry, scoring, f"{path}: targets: entry {number}")
        for number, entry in enumerate(entries, 1)
    ]
    return build(Expected, content, str(path))


def _with_defaults(entry: dict[str, Any], scoring: Scoring, where: str) -> dict[str, Any]:
    target = build(Target, {"metric": scoring.metric} | entry, where)
    metrics = [metric.name for scorer in SCORERS.values() for metric in scorer.all_metrics()]
    metric = check_choice(target.metric, metrics, f"{where}: metric")
    parse_noise(target.noise)
    if scorer_of(metric) is not scorer_of(scoring.metric):
        msg = f"{where}: metric {metric}, but scoring says metric: {scoring.metric}"
        raise ConfigError(msg)
    if metric_of(metric) not in metrics_of(scoring):
        shown = ", ".join([*scoring.metrics, metric])
        msg = f"{where}: metric {metric} is not asked for; set scoring: {{metrics: [{shown}]}}"
        raise ConfigError(msg)
    return {"metric": metric, "op": metric_of(metric).usual_op} | entry


def check_system(expected: Expected, system: str) -> None:
    """Check that a model is one of the file's `systems`.

    Raises:
        ConfigError: it is not; the nearest is named.
    """
    if system not in expected.systems:
        where = "--system" if expected.systems else "--system: expected_scores.yaml lists none"
        raise ConfigError(unknown_key_message(system, list(expected.systems), where))


def compare(targets: Sequence[Target], conditions: Sequence[Mapping[str, Any]]) -> list[Comparison]:
    """Find the score of each target among the records of `scores.json`.

    Raises:
        ConfigError: a target fits several records; what tells them apart is named.
    """
    complete = [record for record in conditions if is_complete(record)]
    comparisons = []
    for target in targets:
        got = _figure(target, target.mode, complete)
        if target.ratio_to is not None:
            other = _figure(target, target.ratio_to, complete)
            got = 100.0 * got / other if got is not None and other else None
        comparisons.append(Comparison(target, got))
    return comparisons


def _figure(target: Target, mode: str, records: Sequence[Record]) -> float | None:
    axes = {"set": target.set, "mode": mode, "noise": target.noise} | target.axes
    found = select(records, axes)
    if len(found) > 1:
        kinds = ", ".join(dict.fromkeys(str(further_axes(record)) for record in found))
        msg = f"target of {target.set} {mode} {target.noise}: add axes, one of {kinds}"
        raise ConfigError(msg)
    record: Record | None = found[0] if found else None
    if record is not None and target.lang is not None:
        record = record.get("by_lang", {}).get(target.lang)
    return float(record[target.metric]["rate"]) if record else None
