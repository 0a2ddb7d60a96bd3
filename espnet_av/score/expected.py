"""Targets of a recipe and how the scores compare with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.search.condition import CLEAN, parse_noise

Metric = Literal["wer", "cer"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One line of `expected_scores.yaml`."""

    set: str
    """Name of the test set."""
    mode: Literal["A", "V", "AV"]
    """Modalities."""
    noise: str = CLEAN
    """`clean` or `category:dB`."""
    metric: Metric = "wer"
    """Error rate of words or characters."""
    target: float
    """In percent; with `ratio_to`, in percent of the other mode's error rate."""
    ratio_to: Literal["A", "V", "AV"] | None = None
    """Compare with the same rate of this mode, same set and noise, instead of with a fixed one."""
    op: Literal["<=", ">=", "~"] = "<="
    """Whether the score must not exceed the target, reach it, or is only compared with it."""
    lang: str | None = None
    """Language of a multilingual set; null: all of it."""
    note: str = ""
    """Where the number comes from."""


@dataclass(frozen=True)
class Comparison:
    """A target beside what was measured."""

    target: Target
    got: float | None
    """In percent; None = not run here."""

    @property
    def is_met(self) -> bool | None:
        """None when not run, or when the target is only there to compare with."""
        if self.got is None or self.target.op == "~":
            return None
        below = self.got <= self.target.target
        above = self.got >= self.target.target
        return below if self.target.op == "<=" else above


def read_targets(path: str | Path) -> list[Target]:
    """Read `expected_scores.yaml`.

    Raises:
        ConfigError: it is missing, is no list, or an entry has an unknown key or a wrong value.
    """
    path = Path(path)
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except FileNotFoundError as error:
        msg = f"{path}: no such file; check --expected"
        raise ConfigError(msg) from error
    except yaml.YAMLError as error:
        msg = f"{path}: not valid YAML: {' '.join(str(error).split())}"
        raise ConfigError(msg) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        msg = f"{path}: expected a list of targets: '- {{set: test, mode: AV, target: 5.0}}'"
        raise ConfigError(msg)
    targets = [
        build(Target, entry, f"{path}: entry {number}") for number, entry in enumerate(entries, 1)
    ]
    for target in targets:
        parse_noise(target.noise)
    return targets


def compare(targets: Sequence[Target], conditions: Sequence[Mapping[str, Any]]) -> list[Comparison]:
    """Find the score of each target among the records of `scores.json`."""
    found = {
        (record["set"], record["mode"], parse_noise(record["noise"])): record
        for record in conditions
    }

    def rate(target: Target, mode: str) -> float | None:
        record = found.get((target.set, mode, parse_noise(target.noise)))
        if record is not None and target.lang is not None:
            record = record.get("by_lang", {}).get(target.lang)
        return float(record[target.metric]["rate"]) if record else None

    comparisons = []
    for target in targets:
        got = rate(target, target.mode)
        if target.ratio_to is not None:
            other = rate(target, target.ratio_to)
            got = 100.0 * got / other if got is not None and other else None
        comparisons.append(Comparison(target, got))
    return comparisons
