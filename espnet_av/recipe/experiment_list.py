"""`conf/experiments.yaml`: named experiments, how they are tested, what is compared."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from espnet_av.config import build, unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.recipe.checks import check_name
from espnet_av.recipe.experiment import TrainingKind
from espnet_av.yaml_file import read_yaml_keys


@dataclass(frozen=True, kw_only=True)
class TokensEntry:
    """A tokenizer; what is left out is that of the run's options."""

    type: Literal["", "char", "word", "unigram", "bpe"] = ""
    """Kind of tokens."""
    nbpe: int | None = None
    """Vocabulary size of unigram and bpe."""
    args: str | None = None
    """More options of bin.tokens."""
    langs: tuple[str, ...] | None = None
    """Only what is spoken in these."""
    target_lang: str | None = None
    """Language of the text."""
    dir: str = ""
    """Its folder, of one that is there already, say."""


@dataclass(frozen=True, kw_only=True)
class ExperimentEntry:
    """One training, several with `seeds`. In the file `start` is written `from`."""

    config: str
    """What is trained."""
    start: str = ""
    """Experiment whose weights it starts from: one of the list, or a folder as ../x/exp/y."""
    units: str = ""
    """Frame labels to learn: mfcc, or an experiment, and its layer, as in hubert_en:12."""
    units_config: str = ""
    """How they are made."""
    sets: tuple[str, ...] = ()
    """What it learns from; none: train_set, or what ssl_sets says if it has no text."""
    valid: str = ""
    """What it is validated with; empty: valid_set."""
    tokens: TokensEntry | None = None
    """Its text; `{}` is that of the run's options, none: it writes none."""
    override: tuple[str, ...] = ()
    """Keys of the configuration as key=value; `{seed}` stands for the seed, else it comes last."""
    seeds: tuple[int, ...] = ()
    """An experiment for each, named <name>_s<seed>; what it starts from has the same, or none."""
    tests: tuple[str, ...] = ()
    """How it is tested, by the names of `tests`."""
    kind: TrainingKind | Literal[""] = ""
    """Stage of its training; empty: finetune with tokens, avssl with units, else ssl."""

    @property
    def stage(self) -> TrainingKind:
        """Stage of its training."""
        return self.kind or ("finetune" if self.tokens else "avssl" if self.units else "ssl")


@dataclass(frozen=True, kw_only=True)
class TestEntry:
    """A decoding; what is left out is that of the run's options."""

    __test__ = False
    sets: tuple[str, ...] | None = None
    """Test sets."""
    modes: tuple[Literal["A", "V", "AV"], ...] | None = None
    """What the model gets."""
    noises: tuple[str, ...] | None = None
    """clean, or category:dB."""
    missing_video: tuple[str, ...] | None = None
    """Also with less video."""
    config: str | None = None
    """How it is decoded."""
    folder: str = ""
    """Folder of its results in the experiment; empty: the name of the configuration."""
    args: str | None = None
    """More options of bin.decode."""
    checkpoint: str | None = None
    """Weights in the experiment."""
    expected: str | None = None
    """Targets."""
    system: str | None = None
    """Row of published tables."""


@dataclass(frozen=True, kw_only=True)
class TableEntry:
    """Experiments compared, each over its seeds."""

    rows: dict[str, str]
    """Experiment and its title; shown is its first test, differences are to the first row."""


@dataclass(frozen=True, kw_only=True)
class ExperimentList:
    """Everything a file says."""

    experiments: dict[str, ExperimentEntry]
    """By name."""
    tests: dict[str, TestEntry] = field(default_factory=dict)
    """By name."""
    tables: dict[str, TableEntry] = field(default_factory=dict)
    """By the Markdown file that is written."""

    def order(self) -> list[str]:
        """Names, each after what it starts from; as in the file otherwise.

        Raises:
            ConfigError: some need each other.
        """
        done: dict[str, None] = {}
        for name in self.experiments:
            self._visit(name, (), done)
        return list(done)

    def needs(self, name: str) -> list[str]:
        """Experiments of the list that one is made from."""
        entry = self.experiments[name]
        sources = (entry.start, units_source(entry.units)[0])
        return list(dict.fromkeys(self.base(s) for s in sources if s and not is_outside(s)))

    def base(self, name: str) -> str:
        """Entry of an experiment: `x_s2` is one of `x`, if that has the seed 2."""
        stem, _, seed = name.rpartition("_s")
        if name not in self.experiments and stem in self.experiments:
            seeds = self.experiments[stem].seeds
            return stem if seed in map(str, seeds) else name
        return name

    def _visit(self, name: str, above: tuple[str, ...], done: dict[str, None]) -> None:
        if name in above:
            circle = " -> ".join((*above[above.index(name) :], name))
            msg = f"experiments start from each other: {circle}; take one `from` or `units` out"
            raise ConfigError(msg)
        if name not in done:
            for other in self.needs(name):
                self._visit(other, (*above, name), done)
            done[name] = None


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


def load_experiments(path: str | Path, seeds: Sequence[int] = ()) -> ExperimentList:
    """Read a list and check all names in it.

    Args:
        path: YAML file with `experiments`, and perhaps `defaults` (keys of every experiment),
            `tests` and `tables`.
        seeds: in place of those of every experiment that has any.

    Raises:
        ConfigError: a key, a type or a name is wrong, a file missing, or there is a circle.
    """
    path = Path(path)
    mapping = read_yaml_keys(path, ConfigError, "check --experiments")
    defaults = mapping.pop("defaults", None) or {}
    entries = mapping.get("experiments") or {}
    for where, group in (("defaults", defaults), ("experiments", entries)):
        if not isinstance(group, dict):
            msg = f"{path}: {where}: expected key: value pairs"
            raise ConfigError(msg)
    mapping["experiments"] = {
        str(name): _entry(f"{path}: experiments.{name}", defaults, entry, seeds)
        for name, entry in entries.items()
    }
    found = build(ExperimentList, mapping, str(path))
    _check_names(path, found)
    for name, entry in found.experiments.items():
        _check_entry(f"{path}: experiments.{name}", entry, found)
    for name, table in found.tables.items():
        _check_table(f"{path}: tables.{name}", table, found)
    found.order()
    return found


def _entry(
    where: str, defaults: Mapping[str, Any], entry: object, seeds: Sequence[int]
) -> dict[str, Any]:
    if not isinstance(entry, dict):
        msg = f"{where}: expected key: value pairs, at least `config`"
        raise ConfigError(msg)
    merged = {**defaults, **entry}
    valid = [_WRITTEN.get(name, name) for name in ExperimentEntry.__dataclass_fields__]
    for key in merged:
        if key not in valid:
            raise ConfigError(unknown_key_message(str(key), valid, where))
    if "from" in merged:
        merged["start"] = merged.pop("from")
    if seeds and merged.get("seeds"):
        merged["seeds"] = list(seeds)
    return merged


_WRITTEN = {"start": "from"}
"""Fields whose name in the file is a word of Python."""


def _check_names(path: Path, found: ExperimentList) -> None:
    """Names are those of folders, and of one experiment each, with its seed."""
    seen: dict[str, str] = {}
    for name, entry in found.experiments.items():
        check_name(f"{path}: experiments:", name)
        if is_outside(name):
            msg = f"{path}: experiments: '{name}': a name is no path, and mfcc is taken; rename it"
            raise ConfigError(msg)
        for seed in entry.seeds or (None,):
            full = name if seed is None else f"{name}_s{seed}"
            if full in seen:
                msg = (
                    f"{path}: experiments: {full} is one of '{seen[full]}' and one of '{name}'; "
                    "each experiment and seed has a folder of its own"
                )
                raise ConfigError(msg)
            seen[full] = name


def _check_sources(where: str, entry: ExperimentEntry, found: ExperimentList) -> None:
    sources = {"from": entry.start, "units": units_source(entry.units)[0]}
    for key, source in sources.items():
        if not source or ("/" in source) or (key == "units" and source == "mfcc"):
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
    for told in (entry.config, entry.units_config):
        check_name(f"{where}: config", told)
    for told in entry.override:
        if "=" not in told or told.split() != [told]:
            msg = f"{where}: override '{told}': expected key=value, without white space"
            raise ConfigError(msg)
    for test in entry.tests:
        if test not in found.tests:
            raise _unknown(where, "tests", test, found.tests)
    if entry.units and not entry.units_config:
        msg = f"{where}: units need a units_config: how they are made"
        raise ConfigError(msg)
    if entry.stage in ("mid", "finetune") and entry.tokens is None:
        msg = f"{where}: kind {entry.stage} writes text: add `tokens: {{}}`, or choose the type"
        raise ConfigError(msg)


def _same_seeds(entry: ExperimentEntry, base: str, found: ExperimentList) -> bool:
    return bool(entry.seeds) and set(entry.seeds) <= set(found.experiments[base].seeds)


def _check_table(where: str, table: TableEntry, found: ExperimentList) -> None:
    for name in table.rows:
        if name not in found.experiments:
            raise _unknown(where, "rows", name, found.experiments)
        if not found.experiments[name].tests:
            msg = f"{where}: rows: {name} has no tests"
            raise ConfigError(msg)


def _unknown(where: str, key: str, name: str, known: Mapping[str, object]) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return ConfigError(f"{where}: {key}: there is no '{name}'; {hint}there are: {', '.join(known)}")
