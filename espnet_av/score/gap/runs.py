"""Errors of models that learned one language or all, from the `scores.json` of their seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from espnet_av.errors import AVError, ConfigError, DataDirError
from espnet_av.score.record import axes_of, is_complete
from espnet_av.text_file import read_json

ALL = "all"
"""What a model has learned that learned every language."""
_PERCENT = 100
ItemPlace = tuple[str, str]
"""Language of the items, and talkers: within or across."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is read of the scores."""

    sets: Mapping[str, str]
    """Language -> its test sets, parted by commas: those of ABX, of retrieval."""
    layer: str
    """Of the features."""
    mode: str = "A"
    """Of the records."""


@dataclass
class Trained:
    """One model (`SSL`, `VGS+`), trained on one language or on all, over seeds."""

    name: str
    learned: str
    errors: dict[ItemPlace, dict[int, float]] = field(default_factory=dict)
    """Place -> seed -> ABX error in percent."""
    others: dict[str, dict[int, float]] = field(default_factory=dict)
    """Further figures by title -> seed -> value, means over the sets."""
    control: dict[ItemPlace, float] = field(default_factory=dict)
    """ABX error of features that learned nothing."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What must be the same of all: items of each set, way of scoring."""

    @property
    def seeds(self) -> set[int]:
        """Those that every place was measured with."""
        found = [set(rates) for rates in self.errors.values()]
        return set.intersection(*found) if found else set()

    @property
    def title(self) -> str:
        """For messages."""
        return f"{self.name} {self.learned}"


def read_trained(name: str, learned: str, paths: Sequence[Path], question: Question) -> Trained:
    """Read every seed; the scores of a seed may lie in several files, as ABX and retrieval do.

    Raises:
        DataDirError: a file is missing or no scores, or two have a figure of the same seed.
        ConfigError: none has the layer and the sets.
    """
    trained = Trained(name, learned)
    for path in paths:
        scores = read_json(path, DataDirError, "run the score stage (11) first, or again")
        try:
            for record in scores["conditions"]:
                axes = axes_of(record)
                if is_complete(record) and axes["mode"] == question.mode:
                    _add(trained, record, axes, question, path)
            if "triplets" in scores["conditions"][0]:
                way = f"way of scoring {scores['scoring']['metric']}"
                _same(trained, way, scores["scoring"], path)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, AVError):
                raise
            msg = f"{path}: no scores, or of an older version ({error!r}); run the score stage (11)"
            raise DataDirError(msg) from error
    lacking = question.sets.keys() - {lang for lang, _ in trained.errors}
    if trained.errors and learned in (ALL, *lacking) and lacking:
        msg = (
            f"{trained.title}: no ABX errors of {question.layer} of "
            f"{', '.join(question.sets[lang] for lang in sorted(lacking))}; check --sets, and that "
            "each of them was scored"
        )
        raise ConfigError(msg)
    if not trained.errors:
        msg = (
            f"{trained.title}: no ABX errors of {question.layer} of "
            f"{', '.join(question.sets.values())} in {', '.join(map(str, paths))}; check --layer "
            "and --sets, and that the experiment was scored with metric: abx"
        )
        raise ConfigError(msg)
    return trained


def _add(
    trained: Trained, record: Mapping[str, Any], axes: Mapping[str, Any], question: Question,
    path: Path,
) -> None:  # fmt: skip
    seed = int(record["train_seed"])
    langs = [lang for lang, names in question.sets.items() if axes["set"] in names.split(",")]
    if "abx" in record and langs:
        place = (langs[0], axes["speaker"])
        if axes["layer"] == "mfcc":
            trained.control[place] = float(record["abx"]["rate"])
        if axes["layer"] == question.layer:
            _put(trained.errors.setdefault(place, {}), seed, record["abx"]["rate"], path)
            _same(trained, f"items of {axes['set']}", record["triplets"]["items"], path)
    elif "abx_language" in record and axes["layer"] == question.layer:
        title = f"languages {axes['speaker']}"
        _put(trained.others.setdefault(title, {}), seed, record["abx_language"]["rate"], path)
    elif "r1" in record:
        own = trained.learned in (ALL, *langs)
        for metric in ("r1", "r10") if own else ():
            title = f"R@{metric[1:]} {axes['direction']}"
            if langs:
                title = f"{title} {langs[0]}"
            _put(trained.others.setdefault(title, {}), seed, record[metric]["rate"], path)


def _put(rates: dict[int, float], seed: int, value: float, path: Path) -> None:
    if seed in rates:
        msg = f"{path}: another file has the same figure of seed {seed} already; name each once"
        raise DataDirError(msg)
    rates[seed] = float(value)
    if not 0 <= rates[seed] <= _PERCENT:
        msg = f"{path}: seed {seed}: a figure is {value} %; score it again (stage 11)"
        raise DataDirError(msg)


def _same(trained: Trained, words: str, value: Any, path: Path) -> None:
    if trained.facts.setdefault(words, value) != value:
        msg = f"{path}: {words} differs from that of another file of {trained.title}"
        raise ConfigError(msg)


def check_alike(systems: Sequence[Trained]) -> None:
    """Check that all were measured on the same items in the same way.

    Raises:
        ConfigError: two were not, or one is there twice.
    """
    titles = [system.title for system in systems]
    for system in systems:
        if titles.count(system.title) > 1:
            msg = f"--system {system.title}: is given twice; name all its files at once"
            raise ConfigError(msg)
        for words, value in system.facts.items():
            first = next(s for s in systems if words in s.facts)
            if first.facts[words] != value:
                msg = (
                    f"{system.title}: {words} differs from that of {first.title}; errors of other "
                    "items, or of other options, make no gap: score both alike (stage 11)"
                )
                raise ConfigError(msg)
