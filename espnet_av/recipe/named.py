"""A list of named experiments as what is trained and tested, one for each seed."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any

from espnet_av.errors import ConfigError
from espnet_av.recipe.chain import default_test, default_tokens, ssl_set
from espnet_av.recipe.experiment import (
    Experiment,
    Test,
    Tokens,
    Units,
    base_name,
)
from espnet_av.recipe.experiment_list import (
    ExperimentEntry,
    ExperimentList,
    TestEntry,
    TokensEntry,
)
from espnet_av.recipe.list_checks import is_outside, units_source
from espnet_av.recipe.options import Options


@dataclasses.dataclass(frozen=True, kw_only=True)
class Named:
    """An experiment of a list, and its place in it."""

    name: str
    """Of the experiment, with its seed and what of a sweep it is."""
    entry: str
    """Its name in the list."""
    level: int
    """Experiments that have to be there before: those of one level may run side by side."""
    experiment: Experiment
    """What it is."""


def named_experiments(found: ExperimentList, options: Options) -> list[Named]:
    """The experiments that are asked for and what they start from, in order.

    Args:
        found: the list.
        options: with their defaults, which hold where the list is silent.

    Raises:
        ConfigError: `--only` names one that is not there.
    """
    wanted = _wanted(found, options.only.split())
    levels: dict[str, int] = {}
    result = []
    for name in found.order():
        level = 1 + max((levels[other] for other in found.needs(name)), default=0)
        entry = found.experiments[name]
        levels[name] = level + bool(entry.sweep)
        for seed in entry.seeds or (None,):
            full = full_name(name, seed)
            whole = experiment_of(found, name, seed, options)
            parts = [_member(whole, *told, options) for told in entry.members(full).items()]
            whole = dataclasses.replace(whole, choices=tuple(part.out for part in parts))
            places = [level] * len(parts) + [levels[name]]
            for place, made in zip(places, (*parts, whole), strict=True):
                own = base_name(made.out)
                if own in wanted:
                    result.append(Named(name=own, entry=name, level=place, experiment=made))
    return result


def _member(whole: Experiment, name: str, change: str, options: Options) -> Experiment:
    """One experiment of a sweep, which is not tested."""
    args = f"{whole.args} --override {change}".strip()
    out = f"{options.expdir}/{name}"
    return dataclasses.replace(whole, out=out, args=args, tests=(), about=f" {name}")


def full_name(name: str, seed: int | None) -> str:
    """Name of an experiment with that seed."""
    return name if seed is None else f"{name}_s{seed}"


def _wanted(found: ExperimentList, only: Sequence[str]) -> set[str]:
    """Full names of what is asked for, and of what that starts from."""
    all_names = {
        full: (name, seed)
        for name, entry in found.experiments.items()
        for seed in entry.seeds or (None,)
        for whole in (full_name(name, seed),)
        for full in (whole, *entry.members(whole))
    }
    waiting = list(all_names) if not only else []
    for name in only:
        if name in found.translations:
            source = found.translations[name].source[0]
            waiting += [full for full, (of, _) in all_names.items() if of == source]
            continue
        entry = found.experiments.get(name)
        if entry is None and name not in all_names:
            near = difflib.get_close_matches(
                name, [*found.experiments, *all_names, *found.translations], n=1
            )
            hint = f"did you mean {near[0]}? " if near else ""
            known = ", ".join((*found.experiments, *found.translations))
            msg = f"--only {name}: no such experiment; {hint}there are: {known}"
            raise ConfigError(msg)
        waiting += [full_name(name, s) for s in entry.seeds or (None,)] if entry else [name]
    wanted: set[str] = set()
    while waiting:
        full = waiting.pop()
        wanted.add(full)
        name, seed = all_names[full]
        entry = found.experiments[name]
        if full == full_name(name, seed):
            waiting += entry.members(full)
        for source in entry.sources():
            if not is_outside(source):
                waiting.append(_seeded(found, source, seed))
    return wanted


def _seeded(found: ExperimentList, source: str, seed: int | None) -> str:
    """A source with the seed of the experiment that starts from it, where it has seeds itself."""
    entry = found.experiments.get(source)
    return full_name(source, seed) if entry and entry.seeds else source


def _source(found: ExperimentList, source: str, seed: int | None, options: Options) -> str:
    """Folder of a source."""
    if not source or source == "mfcc":
        return ""
    if is_outside(source):
        return source.removesuffix("/")
    return f"{options.expdir}/{_seeded(found, source, seed)}"


def experiment_of(
    found: ExperimentList, name: str, seed: int | None, options: Options
) -> Experiment:
    """What is trained and tested under a name of the list, of a sweep that which is best."""
    entry = found.experiments[name]
    out = f"{options.expdir}/{full_name(name, seed)}"
    upstream, stored = _source(found, entry.upstream, seed, options), entry.states == "stored"
    return Experiment(
        kind=entry.stage,
        out=out,
        config=entry.config,
        args=" ".join(f"--override {told}" for told in _overrides(entry, seed)),
        start=_source(found, entry.start, seed, options),
        upstream=upstream,
        states=f"{options.dumpdir}/states/{base_name(upstream)}" if stored else "",
        parts=entry.parts,
        train_set=_train_set(entry, options),
        valid_set=entry.valid or options.valid_set,
        units=_units(found, name, seed, options),
        tokens=_tokens(entry.tokens, _train_set(entry, options), options),
        tests=_tests(found, name, out, options),
        about=f" {full_name(name, seed)}",
    )


def _overrides(entry: ExperimentEntry, seed: int | None) -> list[str]:
    if seed is None:
        return list(entry.override)
    placed = [told.replace("{seed}", str(seed)) for told in entry.override]
    return placed if placed != list(entry.override) else [*placed, f"seed={seed}"]


def _train_set(entry: ExperimentEntry, options: Options) -> str:
    usual = options.train_set if entry.is_supervised else ssl_set(options)
    return "_".join(entry.sets) or usual


def _units(found: ExperimentList, name: str, seed: int | None, options: Options) -> Units | None:
    entry = found.experiments[name]
    if entry.codebook:
        return _units_that_go_on(found, name, seed, options)
    if not entry.units:
        return None
    source, layer = units_source(entry.units)
    # Units of a model that has one seed are the same for every seed of what learns them.
    own = name if _seeded(found, source, seed) == source else full_name(name, seed)
    return Units(
        out=f"{options.dumpdir}/units/{own}",
        config=entry.units_config,
        source=_source(found, source, seed, options),
        layer=layer,
    )


def _units_that_go_on(
    found: ExperimentList, name: str, seed: int | None, options: Options
) -> Units:
    """Frame labels by the centres of another experiment, on what this one learns from."""
    source = found.experiments[name].codebook
    base = found.base(source)
    its_seed = seed if base == source else int(source.rpartition("_s")[2])
    first = _units(found, base, its_seed if found.experiments[base].seeds else None, options)
    assert first is not None
    shared = first.out == f"{options.dumpdir}/units/{base}"
    return dataclasses.replace(
        first,
        out=f"{options.dumpdir}/units/{name if shared else full_name(name, seed)}",
        codebook=first.codebook or first.out,
        fitted_on=first.fitted_on or _train_set(found.experiments[base], options),
    )


def _tokens(entry: TokensEntry | None, train_set: str, options: Options) -> Tokens | None:
    if entry is None:
        return None
    if entry.taken:
        target = options.tgt_lang if entry.target_lang is None else entry.target_lang
        langs = options.langs.split() if entry.langs is None else entry.langs
        return Tokens(
            out=entry.taken.rstrip("/"), train_set=train_set, kind="unigram", nbpe=0,
            langs=tuple(langs), target_lang=target, is_taken=True,
        )  # fmt: skip
    told: dict[str, Any] = {
        "token_type": entry.type or None,
        "nbpe": entry.nbpe,
        "token_args": entry.args,
        "langs": None if entry.langs is None else " ".join(entry.langs),
        "tgt_lang": entry.target_lang,
        "token_dir": entry.dir or None,
    }
    given = {key: value for key, value in told.items() if value is not None}
    if given.keys() - {"token_dir"}:
        given.setdefault("token_dir", "")
    tokens = default_tokens(dataclasses.replace(options, **given, train_set=train_set))
    if train_set != options.train_set and not entry.dir:
        tokens = dataclasses.replace(tokens, out=f"{tokens.out}_{train_set}")
    return tokens


def _tests(found: ExperimentList, name: str, out: str, options: Options) -> tuple[Test, ...]:
    tests = [
        test_of(found.tests[test], name, out, options) for test in found.experiments[name].tests
    ]
    folders = [test.out for test in tests]
    for folder in folders:
        if folders.count(folder) > 1:
            msg = f"{name}: two tests write to {folder}; give one of them a `folder`"
            raise ConfigError(msg)
    return tuple(tests)


_OPTIONS_OF_TESTS = {
    "sets": "test_sets",
    "modes": "modes",
    "noises": "noises",
    "missing_video": "missing_video",
    "config": "decode_config",
    "args": "decode_args",
    "checkpoint": "decode_model",
    "expected": "expected_scores",
    "system": "system",
}
"""Field of a test -> the option that it takes the place of."""


def test_of(entry: TestEntry, name: str, out: str, options: Options) -> Test:
    """A test of the experiment `name` in `out`."""
    given: dict[str, Any] = {
        option: value if isinstance(value, str) else " ".join(value)
        for key, option in _OPTIONS_OF_TESTS.items()
        if (value := getattr(entry, key)) is not None
    }
    given |= {"system": given["system"].replace("{name}", name)} if "system" in given else {}
    test = default_test(dataclasses.replace(options, **given), out)
    return dataclasses.replace(test, out=f"{out}/{entry.folder}") if entry.folder else test
