"""`conf/experiments.yaml`: named experiments, how they are tested, what is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from espnet_av.config import build, unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.recipe.experiment import TrainingKind, odd_replaced
from espnet_av.recipe.list_checks import check_list, is_outside, units_source
from espnet_av.recipe.result_entries import EffectsEntry, GapEntry, ProbesEntry, TableEntry
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
    """Its folder."""
    taken: str = ""
    """Folder of tokens that are taken as they are, of a converted decoder, say; no stage makes
    them, and of the above only `langs` and `target_lang` may be said."""


@dataclass(frozen=True, kw_only=True)
class ExperimentEntry:
    """One training, several with `seeds`. In the file `start` is written `from`."""

    config: str
    """What is trained."""
    start: str = ""
    """Experiment whose weights it starts from: one of the list, or a folder as ../x/exp/y."""
    upstream: str = ""
    """Experiment whose model its own has below it, frozen, as a head of SUPERB has: of the list, or
    a folder."""
    states: Literal["computed", "stored"] = "computed"
    """Whether that model runs at every step, or once, before all trainings on its states."""
    sweep: dict[str, tuple[float | str, ...]] = field(default_factory=dict)
    """One key of the configuration and its values: an experiment for each, named by the last part
    of the key, as <name>_lr0.01. The best one on the validation set is tested, as <name>."""
    parts: tuple[str, ...] = ()
    """Files of weights that it starts from besides, as downloads/mbart50/decoder.pth."""
    units: str = ""
    """Frame labels to learn: mfcc, or an experiment, and its layer, as in hubert_en:12."""
    units_config: str = ""
    """How they are made."""
    codebook: str = ""
    """Experiment of the list whose units go on: frames are labelled by the centres that it learned
    with, fitted on what it learned from; in place of `units`."""
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
    """Stage of its training; empty: finetune with tokens or an upstream, avssl with units or a
    codebook, else ssl."""

    @property
    def stage(self) -> TrainingKind:
        """Stage of its training."""
        labels = self.units or self.codebook
        usual = "finetune" if self.is_supervised else "avssl" if labels else "ssl"
        return self.kind or usual  # type: ignore[return-value]

    @property
    def is_supervised(self) -> bool:
        """Whether it learns from texts, or classes and the like; and so from train_set."""
        return bool(self.tokens or self.upstream)

    def sources(self) -> tuple[str, ...]:
        """What it is made from: experiments of the list, folders, mfcc."""
        named = (self.start, self.upstream, units_source(self.units)[0], self.codebook)
        return tuple(filter(None, named))

    def members(self, full: str) -> dict[str, str]:
        """Of a sweep the name of each experiment, by that of all, and what it changes."""
        return {
            odd_replaced(f"{full}_{key.rpartition('.')[2]}{_told(value)}"): f"{key}={_told(value)}"
            for key, values in self.sweep.items()
            for value in values
        }


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
    """Row of published tables; `{name}` stands for the name of the experiment, without its seed."""


@dataclass(frozen=True, kw_only=True)
class TranslationEntry:
    """Texts translated by a model of texts, beside translators of speech: `espnet-av translate`."""

    model: str
    """Its folder, an mBART-50 of Hugging Face."""
    test: str
    """What is translated, and how it is scored: the name of a test."""
    of: str = ""
    """Experiment whose texts are translated, those of that test, or `<experiment>:<test>`; empty:
    the transcripts."""
    args: str = ""
    """More options of bin.translate, as --used_as ca=es."""

    @property
    def source(self) -> tuple[str, str]:
        """Experiment and test that wrote the texts; the first is empty for transcripts."""
        experiment, _, test = self.of.partition(":")
        return experiment, test or self.test


@dataclass(frozen=True, kw_only=True)
class ExperimentList:
    """Everything a file says."""

    experiments: dict[str, ExperimentEntry]
    """By name."""
    tests: dict[str, TestEntry] = field(default_factory=dict)
    """By name."""
    translations: dict[str, TranslationEntry] = field(default_factory=dict)
    """By name, which no experiment has."""
    tables: dict[str, TableEntry] = field(default_factory=dict)
    """By the Markdown file that is written."""
    gaps: dict[str, GapEntry] = field(default_factory=dict)
    """The same."""
    effects: dict[str, EffectsEntry] = field(default_factory=dict)
    """The same."""
    probes: dict[str, ProbesEntry] = field(default_factory=dict)
    """The same."""

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
        sources = self.experiments[name].sources()
        return list(dict.fromkeys(self.base(s) for s in sources if not is_outside(s)))

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


def load_experiments(path: str | Path, seeds: Sequence[int] = ()) -> ExperimentList:
    """Read a list and check all names in it.

    Args:
        path: YAML file with `experiments`, and perhaps `defaults` (keys of every experiment),
            `tests`, `translations`, `tables`, `gaps`, `effects` and `probes`.
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
    check_list(path, found)
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


def _told(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


_WRITTEN = {"start": "from"}
"""Fields whose name in the file is a word of Python."""
