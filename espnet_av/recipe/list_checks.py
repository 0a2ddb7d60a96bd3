"""What a list of experiments may not say: names that are not there, twice, or cannot be folders."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from espnet_av.errors import ConfigError
from espnet_av.recipe.checks import check_name
from espnet_av.recipe.experiment import base_name

if TYPE_CHECKING:
    from espnet_av.recipe.experiment_list import (
        ExperimentEntry,
        ExperimentList,
        TokensEntry,
    )
    from espnet_av.recipe.result_entries import ProbesEntry


def check_list(path: Path, found: ExperimentList) -> None:
    """Check all names in a list.

    Raises:
        ConfigError: one is wrong.
    """
    _check_names(path, found)
    for name, entry in found.experiments.items():
        _check_entry(f"{path}: experiments.{name}", entry, found)
    _check_states(path, found)
    _check_translations(path, found)
    for name, table in found.tables.items():
        rows = [row for row in table.rows if row not in found.translations]
        _check_tested(f"{path}: tables.{name}: rows", rows, found)
    for name, effects in found.effects.items():
        for row, columns in effects.cells.items():
            _check_tested(f"{path}: effects.{name}: cells.{row}", columns.values(), found)
    for name, probes in found.probes.items():
        _check_probes(f"{path}: probes.{name}", probes, found)
    for name, gap in found.gaps.items():
        for key, group in (("without", gap.without), ("with_pictures", gap.with_pictures)):
            where = f"{path}: gaps.{name}: {key}"
            _check_tested(where, group.values(), found)
            if set(group) != {*gap.sets, "all"}:
                msg = f"{where}: has {', '.join(group)}; name an experiment for each of "
                raise ConfigError(msg + ", ".join((*gap.sets, "all")))


def _check_states(path: Path, found: ExperimentList) -> None:
    """Stored states lie in a folder of the upstream's name."""
    seen: dict[str, str] = {}
    for entry in found.experiments.values():
        name = base_name(entry.upstream)
        if entry.states == "stored" and seen.setdefault(name, entry.upstream) != entry.upstream:
            msg = (
                f"{path}: upstream: {seen[name]} and {entry.upstream} are both called {name}, "
                "under which their states are stored; make a link of another name to one of them"
            )
            raise ConfigError(msg)


def _check_probes(where: str, probes: ProbesEntry, found: ExperimentList) -> None:
    cells = probes.cells(found.experiments)
    _check_tested(f"{where}: tasks", cells.values(), found)
    for model, title in probes.models.items():
        if not any(name == title for _, name in cells):
            names = ", ".join(f"{begin}_{model}" for begin in probes.tasks.values())
            msg = f"{where}: models: {model}: there is no experiment {names}; correct the name"
            raise ConfigError(msg)
    for title, models in probes.changes.items():
        if len(models) < 2:
            msg = f"{where}: changes: {title}: name the model before, and one after at least"
            raise ConfigError(msg)
        for model in models:
            if model not in probes.models:
                raise _unknown(where, f"changes: {title}", model, probes.models)


def is_outside(source: str) -> bool:
    """Whether a source is a folder, or mfcc, and no experiment of the list."""
    return "/" in source or source == "mfcc"


def units_source(units: str) -> tuple[str, int | None]:
    """`hubert_en:12` -> experiment and layer.

    Raises:
        ConfigError: the layer is no number.
    """
    name, colon, layer = units.partition(":")
    if colon and not layer.isdigit():
        msg = f"units '{units}': a layer is a number, as in hubert_en:12"
        raise ConfigError(msg)
    return name, int(layer) if colon else None


def _check_names(path: Path, found: ExperimentList) -> None:
    """Names are those of folders, and of one experiment each, with its seed."""
    seen: dict[str, str] = {}
    for name, entry in found.experiments.items():
        check_name(f"{path}: experiments:", name)
        if is_outside(name):
            msg = f"{path}: experiments: '{name}': a name is no path, and mfcc is taken; rename it"
            raise ConfigError(msg)
        for seed in entry.seeds or (None,):
            whole = name if seed is None else f"{name}_s{seed}"
            for full in (whole, *entry.members(whole)):
                if full in seen:
                    msg = (
                        f"{path}: experiments: {full} is one of '{seen[full]}' and one of "
                        f"'{name}'; each experiment, seed and value has a folder of its own"
                    )
                    raise ConfigError(msg)
                seen[full] = name


def _check_sources(where: str, entry: ExperimentEntry, found: ExperimentList) -> None:
    units = units_source(entry.units)[0]
    told = {"from": entry.start, "upstream": entry.upstream, "units": units}
    for key, source in {**told, "codebook": entry.codebook}.items():
        if (
            not source
            or ("/" in source and key != "codebook")
            or (key == "units" and source == "mfcc")
        ):
            continue
        base = found.base(source)
        if base not in found.experiments:
            raise _unknown(where, key, source, found.experiments)
        if found.experiments[base].seeds and base == source and not _same_seeds(entry, base, found):
            seeds = found.experiments[base].seeds
            msg = f"{where}: {key}: {source} has the seeds {seeds}; say which: {source}_s{seeds[0]}"
            raise ConfigError(msg)


def _check_entry(where: str, entry: ExperimentEntry, found: ExperimentList) -> None:
    _check_sources(where, entry, found)
    for told in (entry.config, entry.units_config, *entry.parts):
        check_name(f"{where}: config, parts", told)
    for told in entry.override:
        if "=" not in told or told.split() != [told]:
            msg = f"{where}: override '{told}': expected key=value, without white space"
            raise ConfigError(msg)
    for test in entry.tests:
        if test not in found.tests:
            raise _unknown(where, "tests", test, found.tests)
    _check_tokens(where, entry.tokens)
    if entry.codebook:
        _check_codebook(where, entry, found)
    if entry.units and not entry.units_config:
        msg = f"{where}: units need a units_config: how they are made"
        raise ConfigError(msg)
    _check_upstream(where, entry)
    if entry.stage in ("mid", "finetune") and entry.tokens is None and not entry.upstream:
        msg = f"{where}: kind {entry.stage} writes text: add `tokens: {{}}`, or choose the type"
        raise ConfigError(msg)


def _check_upstream(where: str, entry: ExperimentEntry) -> None:
    if entry.states == "stored" and not entry.upstream:
        msg = f"{where}: states: stored are those of a frozen model; name it as `upstream`"
        raise ConfigError(msg)
    if len(entry.sweep) > 1 or not all(entry.sweep.values()):
        msg = (
            f"{where}: sweep is over {', '.join(entry.sweep)}; give one key and its values, as "
            "{optim_conf.lr: [1.0e-2, 1.0e-3]}"
        )
        raise ConfigError(msg)
    values = [value for values in entry.sweep.values() for value in values]
    if len(entry.members("")) < len(values):
        told = ", ".join(map(str, values))
        msg = f"{where}: sweep: two of the values are one and the same, of {told}"
        raise ConfigError(msg)
    for value in values:
        if isinstance(value, str) and (not value or value.split() != [value]):
            msg = f"{where}: sweep: '{value}': a value is a word without white space"
            raise ConfigError(msg)


def _check_tokens(where: str, tokens: TokensEntry | None) -> None:
    if tokens is None or not tokens.taken:
        return
    check_name(f"{where}: tokens: taken", tokens.taken)
    more = [name for name in ("type", "nbpe", "args", "dir") if getattr(tokens, name)]
    if more:
        msg = f"{where}: tokens: taken are those of a folder, as they are; leave out {more[0]}"
        raise ConfigError(msg)


def _check_codebook(where: str, entry: ExperimentEntry, found: ExperimentList) -> None:
    if entry.units or entry.units_config:
        msg = (
            f"{where}: codebook takes the units of {entry.codebook}; leave out units, units_config"
        )
        raise ConfigError(msg)
    first = found.experiments[found.base(entry.codebook)]
    if not first.units and not first.codebook:
        msg = f"{where}: codebook: {entry.codebook} learns no units; name an experiment that does"
        raise ConfigError(msg)


def _check_translations(path: Path, found: ExperimentList) -> None:
    """Check the names in them.

    Raises:
        ConfigError: one is wrong, or taken.
    """
    for name, entry in found.translations.items():
        where = f"{path}: translations.{name}"
        check_name(f"{path}: translations:", name)
        check_name(f"{where}: model", entry.model)
        if name in found.experiments or "/" in name:
            msg = f"{where}: there is an experiment of that name, or it is a path; rename it"
            raise ConfigError(msg)
        if entry.test not in found.tests:
            raise _unknown(where, "test", entry.test, found.tests)
        if not entry.of:
            continue
        experiment, test = entry.source
        if experiment not in found.experiments:
            raise _unknown(where, "of", experiment, found.experiments)
        if test not in found.experiments[experiment].tests:
            tests = dict.fromkeys(found.experiments[experiment].tests)
            raise _unknown(where, f"of: {experiment}", test, tests)


def _same_seeds(entry: ExperimentEntry, base: str, found: ExperimentList) -> bool:
    return bool(entry.seeds) and set(entry.seeds) <= set(found.experiments[base].seeds)


def _check_tested(where: str, names: Iterable[str], found: ExperimentList) -> None:
    for name in names:
        if name not in found.experiments:
            place, _, key = where.rpartition(": ")
            raise _unknown(place, key, name, found.experiments)
        if not found.experiments[name].tests:
            msg = f"{where}: {name} has no tests"
            raise ConfigError(msg)


def _unknown(where: str, key: str, name: str, known: Mapping[str, object]) -> ConfigError:
    """A name that there is not; the nearest is told."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return ConfigError(f"{where}: {key}: there is no '{name}'; {hint}there are: {', '.join(known)}")
