"""Frozen models by tasks: a figure for each pair, and what changes from one model to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from espnet_av.errors import ConfigError
from espnet_av.score.metric import Metric
from espnet_av.score.scorers import metric_of
from espnet_av.score.seeds.estimate import Estimate
from espnet_av.score.seeds.runs import System, check_comparable, read_system


@dataclass(frozen=True)
class Change:
    """From one model to others, as `MAE+CLR` to the same after mid-training in three ways."""

    title: str
    before: str
    after: tuple[str, ...]
    """Their mean counts."""


@dataclass(frozen=True)
class Panel:
    """Heads of tasks on models; some pairs may not have been trained."""

    models: tuple[str, ...]
    tasks: tuple[str, ...]
    systems: Mapping[tuple[str, str], System]
    """Model and task -> head."""

    def metric(self, task: str) -> Metric:
        """What a task is judged by."""
        return metric_of(next(s.metric for (_, name), s in self.systems.items() if name == task))

    def estimate(self, model: str, task: str) -> Estimate | None:
        """Of the seeds of a head; None: there is none."""
        system = self.systems.get((model, task))
        if system is None:
            return None
        (rates,) = system.rates.values()
        return Estimate(tuple(rates.values()))

    def best(self, task: str) -> str:
        """The model with the best figure of a task; the first among equals."""
        metric = self.metric(task)
        found = {m: e.mean for m in self.models if (e := self.estimate(m, task)) is not None}
        return (min if metric.lower_is_better else max)(found, key=lambda model: found[model])

    def improvement(self, change: Change, task: str) -> float | None:
        """Percent by which the others are better: gained of accuracies, saved of errors.

        None where no head of one side was trained, or the first has a figure of 0.
        """
        before = self.estimate(change.before, task)
        found = [e.mean for m in change.after if (e := self.estimate(m, task)) is not None]
        if before is None or not found or not before.mean:
            return None
        relative = 100 * (fmean(found) / before.mean - 1)
        return -relative if self.metric(task).lower_is_better else relative


def read_panel(cells: Sequence[tuple[str, str, Sequence[Path]]]) -> Panel:
    """Read the scores of all heads.

    Args:
        cells: task, model, `scores.json` of each seed; both in the order of the table.

    Raises:
        ConfigError: a pair is there twice, was tested in several conditions, or two heads of a task
            cannot be compared.
        DataDirError: scores are missing or broken.
    """
    systems: dict[tuple[str, str], System] = {}
    for task, model, paths in cells:
        if (model, task) in systems:
            msg = f"{task}, {model}: given twice; name all its seeds in one --system"
            raise ConfigError(msg)
        system = read_system(f"{model}, {task}", paths)
        if len(system.rates) != 1:
            told = ", ".join(" ".join(condition) for condition in system.rates)
            msg = f"{task}, {model}: was tested in {told or 'no condition'}; a head has one test"
            raise ConfigError(msg)
        systems[model, task] = system
    tasks = tuple(dict.fromkeys(task for _, task in systems))
    for task in tasks:
        check_comparable([system for (_, name), system in systems.items() if name == task])
    return Panel(tuple(dict.fromkeys(model for model, _ in systems)), tasks, systems)


def check_changes(panel: Panel, changes: Sequence[Change]) -> None:
    """Check that the models of each change are there.

    Raises:
        ConfigError: one is not.
    """
    for change in changes:
        for model in (change.before, *change.after):
            if model not in panel.models:
                msg = (
                    f"--change '{change.title}': there is no model '{model}'; there are: "
                    f"{', '.join(panel.models)}"
                )
                raise ConfigError(msg)
