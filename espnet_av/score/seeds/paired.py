"""Whether two systems differ on a test set, or on the utterances that happen to be in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from espnet_av.config import build
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.bootstrap import PairedTest, Resampling, Sums, paired_bootstrap
from espnet_av.score.matrix import noise_title, row_title
from espnet_av.score.metric import Metric
from espnet_av.score.record import Record, axes_of, further_axes
from espnet_av.score.scorers import metrics_of, score_condition
from espnet_av.score.scoring import Scoring
from espnet_av.score.seeds.runs import System
from espnet_av.score.text_table import format_markdown
from espnet_av.text_file import read_json

_CLEAR = 0.05
_Place = tuple[tuple[str, Any], ...]


def format_paired(systems: Sequence[System], resampling: Resampling) -> str:
    """Markdown: differences to the first system, each with interval and p over drawn utterances.

    Args:
        systems: that `check_comparable` passed.
        resampling: how many draws.

    Raises:
        DataDirError: a decoded condition is gone, or is not the one that was scored.
        ConfigError: the figures of this kind of prediction are not made of utterances.
    """
    first, *others = (_read_sums(system) for system in systems)
    rows = [["system", "condition", "metric", "difference", "95 % interval", "p"]]
    metrics = metrics_of(_scoring(next(iter(systems[0].origins.values()))))
    for system, sums in zip(systems[1:], others, strict=True):
        for place, metric in product(first, metrics):
            pair = [found.get(place, {}).get(metric.name) for found in (first, sums)]
            if pair[0] and pair[1]:
                test = _test(pair[0], pair[1], resampling, f"{system.name}: {_title(place)}")
                rows.append([system.name, _title(place), *_cells(metric, test)])
    if len(rows) == 1:
        msg = f"--paired: figures of {systems[0].metric} cannot be tested utterance by utterance"
        raise ConfigError(msg)
    parts = [
        f"### Difference to {systems[0].name} over drawn utterances",
        format_markdown(rows, left=(0, 1, 2)),
        f"Paired bootstrap, {resampling.num_resamples} draws of the test set, the mean over "
        "seeds; p is two-sided, bold: below 0.05. The trainings are taken as given: another one "
        "may differ by more.",
    ]
    return "\n\n".join(parts) + "\n"


def _test(
    one: Sequence[Sums], other: Sequence[Sums], resampling: Resampling, where: str
) -> PairedTest:
    try:
        return paired_bootstrap(one, other, resampling)
    except ValueError as error:
        msg = f"{where}: {error}; decode both (stage 10) from one dump"
        raise DataDirError(msg) from error


def _read_sums(system: System) -> dict[_Place, dict[str, list[Sums]]]:
    """Condition -> metric -> sums of each seed."""
    found: dict[_Place, dict[str, list[Sums]]] = {}
    for _, path in sorted(system.origins.items()):
        scores = read_json(Path(path), DataDirError, "run the score stage (11) again")
        for record in scores["conditions"]:
            mine = found.setdefault(tuple(axes_of(record).items()), {})
            for name, sums in _sums_of(record, Path(path)).items():
                mine.setdefault(name, []).append(sums)
    return found


def _sums_of(record: Record, path: Path) -> Mapping[str, Sums]:
    score = score_condition(path.parent / record["folder"], _scoring(str(path)))
    if score.condition.fingerprint != record["fingerprint"]:
        msg = (
            f"{score.condition.folder}: decoded again since {path} was written; run the score "
            "stage (11) again"
        )
        raise DataDirError(msg)
    return score.sums(further_axes(record))


def _scoring(path: str) -> Scoring:
    scores = read_json(Path(path), DataDirError, "run the score stage (11) again")
    return build(Scoring, scores["scoring"], f"scoring of {path}")


def _cells(metric: Metric, test: PairedTest) -> list[str]:
    low, high = (metric.show(bound, "+") for bound in test.ci95)
    figure = metric.show(test.difference, "+")
    is_clear = test.p_value < _CLEAR
    return [
        metric.heading,
        f"**{figure}**" if is_clear else figure,
        f"[{low}, {high}]",
        f"{test.p_value:.4f}",
    ]


def _title(place: _Place) -> str:
    axes = dict(place)
    return f"{axes['set']} {row_title({'axes': axes})} {noise_title(axes['noise'])}"
