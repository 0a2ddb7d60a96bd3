"""Every way to judge predictions: metrics by name, and which kind of prediction feeds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from espnet_av.config import check_choice, to_dict
from espnet_av.errors import ConfigError
from espnet_av.registry import Registry
from espnet_av.score.abx.abx_scorers import LANGUAGE_SCORER, PHONE_SCORER
from espnet_av.score.activity import ACTIVITY
from espnet_av.score.conditions import Decoded, read_condition
from espnet_av.score.labels import LABELS
from espnet_av.score.metric import Metric
from espnet_av.score.phones import PHONES
from espnet_av.score.retrieval import RETRIEVAL
from espnet_av.score.scorer import NOTHING_FURTHER, Scored, Scorer
from espnet_av.score.scoring import Scoring
from espnet_av.score.text import ERROR_RATES
from espnet_av.score.translation import TRANSLATION


def _problem(name: str, scorer: Any) -> str | None:
    if not isinstance(scorer, Scorer):
        return f"{scorer!r} is no Scorer"
    return None if scorer.name == name else f"it is called '{scorer.name}', not '{name}'"


SCORERS: Registry[Scorer] = Registry(
    "scorers",
    {
        scorer.name: scorer
        for scorer in (
            *(ERROR_RATES, PHONES, TRANSLATION, LABELS, ACTIVITY, RETRIEVAL),
            *(PHONE_SCORER, LANGUAGE_SCORER),
        )
    },
    _problem,
)
"""Name -> scorer; a new score is an entry here."""


def metric_of(name: str) -> Metric:
    """The metric of a name.

    Raises:
        ConfigError: no scorer has it; the nearest is named.
    """
    metrics = {m.name: m for scorer in SCORERS.values() for m in scorer.all_metrics()}
    return metrics[check_choice(name, metrics, "metric")]


def scorer_of(name: str) -> Scorer:
    """The scorer that gives a metric.

    Raises:
        ConfigError: none does; the nearest metric is named.
    """
    metric = metric_of(name)
    return next(scorer for scorer in SCORERS.values() if metric in scorer.all_metrics())


def metrics_of(scoring: Scoring) -> list[Metric]:
    """What a record has that is scored in a way: `metric` is among them, and so are `metrics`."""
    scorer = scorer_of(scoring.metric)
    asked = {scoring.metric, *scoring.metrics}
    return [*scorer.metrics, *(metric for metric in scorer.further() if metric.name in asked)]


def check_scoring(scoring: Scoring, where: str) -> None:
    """Check that a way of scoring makes sense; `where` says what it was read from.

    Raises:
        ConfigError: its metric is unknown, or another of its keys means nothing to it.
    """
    names = [metric.name for scorer in SCORERS.values() for metric in scorer.all_metrics()]
    check_choice(scoring.metric, names, f"{where}: metric")
    usual = Scoring()
    for name, reason in _refused(scoring).items():
        value = getattr(scoring, name)
        if value != getattr(usual, name):
            plain = isinstance(value, str | float)
            cure = f"set {name}: {getattr(usual, name)}" if plain else f"remove {name}"
            msg = f"{where}: metric {scoring.metric} with {name} {value}: {reason}; {cure}"
            raise ConfigError(msg)
    given = [metric.name for metric in scorer_of(scoring.metric).all_metrics()]
    for name in (*scoring.metrics, *scoring.metric_models):
        check_choice(name, given, f"{where}: metrics beside {scoring.metric}")


def _refused(scoring: Scoring) -> dict[str, str]:
    """Keys that mean nothing to the metric -> why."""
    scorer = scorer_of(scoring.metric)
    return {**({} if scorer.further() else NOTHING_FURTHER), **scorer.refuses}


def settings_of(scoring: Scoring) -> dict[str, Any]:
    """What tells of a way of scoring: its keys without those that mean nothing to its metric."""
    refused = _refused(scoring)
    return {key: value for key, value in to_dict(scoring).items() if key not in refused}


def check_fed(metric: str, kind: str, who: str) -> None:
    """Check that predictions of a kind can be judged by a metric.

    Args:
        metric: what they are to be judged by.
        kind: of prediction.
        who: makes them, for the message.

    Raises:
        ConfigError: they cannot; the metrics that they can feed are named.
    """
    wanted = scorer_of(metric).kind
    if kind not in (wanted, *scorer_of(metric).also):
        fed = [m.name for s in SCORERS.values() if s.kind == kind for m in s.metrics]
        choices = f"metric: {' or '.join(fed)}" if fed else "no metric: nothing here scores it"
        msg = (
            f"{who}: predicts {kind}, but metric {metric} is of {wanted}; set scoring: "
            f"{{{choices}}} in expected_scores.yaml, or name another experiment"
        )
        raise ConfigError(msg)


def score_condition(condition: Decoded | Path, scoring: Scoring) -> Scored:
    """Read a condition, or its folder, for its scorer.

    Raises:
        DataDirError: its files are missing, damaged or do not fit each other; file and utterance
            named.
        ConfigError: its predictions cannot be judged in this way.
    """
    check_scoring(scoring, "scoring")
    if isinstance(condition, Path):
        condition = read_condition(condition)
    check_fed(scoring.metric, condition.kind, str(condition.folder))
    return scorer_of(scoring.metric).read(condition, scoring)
