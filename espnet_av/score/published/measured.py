"""Scores of this recipe's experiments, by the systems of the published tables they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from espnet_av.config import build
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.predict.condition import parse_noise
from espnet_av.score.published.expected import Expected, check_system
from espnet_av.score.published.tables import Place
from espnet_av.score.record import axes_of
from espnet_av.score.scoring import Scoring
from espnet_av.text_file import read_json


@dataclass(frozen=True)
class Got:
    """What was measured for a cell."""

    value: float | None
    """In percent or BLEU points; None unless every test set of the cell was run."""
    num_run: int
    """Test sets with a score."""
    num_sets: int
    """Test sets of the cell: one, or as many as the average has languages."""


@dataclass
class Measured:
    """Scores by system, test set, mode, noise and metric."""

    expected: Expected
    scores: dict[tuple[Any, ...], tuple[float, str]] = field(default_factory=dict)
    """Key -> score, and where it was read."""

    def add(self, scores: Mapping[str, Any], origin: str) -> None:
        """Take in the content of a `scores.json` whose `system` is set.

        Raises:
            ConfigError: its system is unknown, or it was scored in another way.
            DataDirError: another experiment has the same system and condition.
        """
        check_system(self.expected, scores["system"])
        # Keys that are younger than the scores had their defaults.
        scoring = build(Scoring, scores["scoring"], f"scoring of {origin}")
        if scoring != self.expected.scoring:
            msg = (
                f"{origin}: scored with {_shown(asdict(scoring))}, but expected_scores.yaml says "
                f"{_shown(asdict(self.expected.scoring))}; run the score stage (11) again"
            )
            raise ConfigError(msg)
        shown = (table.metric for table in self.expected.tables)
        names = dict.fromkeys([self.expected.scoring.metric, *filter(None, shown)])
        for record, name in product([*scores["conditions"], *scores.get("derived", [])], names):
            if name not in record:
                continue  # not asked for, or not to be made of this metric
            axes = axes_of(record)
            key = _key(scores["system"], axes["set"], axes["mode"], axes["noise"], name)
            if key in self.scores:
                msg = (
                    f"{origin}: {scores['system']}, {axes['set']} {axes['mode']} "
                    f"{axes['noise']} is also in {self.scores[key][1]}; name the experiments "
                    "of the table with --scores"
                )
                raise DataDirError(msg)
            self.scores[key] = (float(record[name]["rate"]), origin)

    def get(self, place: Place) -> Got:
        """The score of a cell; an average is the unweighted mean over the languages."""
        sets = self.expected.test_sets(place)
        metric = place.metric or self.expected.scoring.metric
        keys = [_key(place.system, name, place.mode, place.noise, metric) for name in sets]
        found = [self.scores[key][0] for key in keys if key in self.scores]
        whole = len(found) == len(keys)
        return Got(sum(found) / len(found) if whole else None, len(found), len(keys))


def read_measured(expected: Expected, paths: Iterable[Path]) -> Measured:
    """Read `scores.json` files; those of experiments without a system are left out.

    Raises:
        DataDirError: a file is missing or no `scores.json`.
    """
    measured = Measured(expected)
    for path in paths:
        scores = read_json(path, DataDirError, "run the score stage (11) first, or again")
        if scores.get("system") is not None:
            measured.add(scores, str(path))
    return measured


def _key(system: str, set_name: str, mode: str, noise: str, metric: str) -> tuple[Any, ...]:
    return system, set_name, mode, parse_noise(noise), metric


def _shown(scoring: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in scoring.items())
