"""The plan of a run: every step that is asked for, in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby

from espnet_av.errors import ConfigError
from espnet_av.recipe.chain import default_chain
from espnet_av.recipe.checks import (
    check_configs,
    check_name,
    check_names,
    check_set_names,
    check_sets,
)
from espnet_av.recipe.comparisons import tables
from espnet_av.recipe.experiment import ComparisonTable, Experiment, Translation, states_of
from espnet_av.recipe.experiment_list import ExperimentList, load_experiments
from espnet_av.recipe.head_steps import states_steps
from espnet_av.recipe.image_steps import image_steps
from espnet_av.recipe.named import Named, named_experiments
from espnet_av.recipe.options import KINDS, Options, seed_number, stage_number
from espnet_av.recipe.stages import (
    Parts,
    Site,
    best_steps,
    data_steps,
    decode_steps,
    dump_steps,
    pack_steps,
    pretraining_steps,
    recogniser_steps,
    roi_steps,
    score_steps,
    table_steps,
    tokens_steps,
)
from espnet_av.recipe.step import Note, log
from espnet_av.recipe.translations import as_experiment, translation_steps, translations
from espnet_av.recipe.unit_steps import units_steps
from espnet_av.recipe.vector_steps import vector_steps

_ORDER = [*KINDS[:6], "tokens", "mid", *KINDS[8:]]
_OF_CHAIN = (
    "ssl_config", "ssl_args", "ssl_tag", "units_from", "rounds", "units_config", "avssl_config",
    "avssl_args", "avssl_tag", "avssl_from", "mid_config", "mid_args", "mid_tag", "mid_from",
    "train_config", "finetune_from", "train_args", "tag",
)  # fmt: skip
"""Options that a list says better."""
_OF_LISTS = ("only", "seeds", "jobs")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Work:
    """What a run is about."""

    experiments: list[Named]
    translations: list[Translation]
    tables: list[ComparisonTable]
    joined: dict[str, tuple[str, ...]]
    sets: list[str]


def make_plan(options: Options, site: Site) -> Parts:
    """What a run does.

    Args:
        options: of the run.
        site: what db.sh says.

    Raises:
        ConfigError: a name cannot work, a configuration is missing, a list is wrong: all that can
            be known before anything runs.
    """
    full = options.with_defaults()
    check_names(full)
    check_sets(full)
    work = _listed(options, full) if options.experiments else _chained(full)
    check_configs(_needed(full, work))
    plan = _Plan(full)
    plan.add("data", lambda: data_steps(full, work.sets, site))
    plan.add("roi", lambda: roi_steps(full, work.sets))
    dump = (full, work.sets, work.joined, site)
    before = (image_steps, vector_steps)
    plan.add("dump", lambda: [p for make in before for p in make(full, work.sets)])
    plan.add("dump", lambda: dump_steps(*dump))
    if options.jobs > 1 and not options.dry_run:
        # What several need is made first; then each is a run of its own.
        for named in work.experiments:
            plan.add_tokens(named.experiment)
        if options.stop_stage > KINDS.index("dump") + 1:
            plan.add_side_by_side(options.jobs, work.experiments)
    else:
        for named in work.experiments:
            plan.add_experiment(named.experiment)
    for translation in work.translations:
        plan.add_translation(translation)
    for table in work.tables:
        plan.add("score", lambda table=table: table_steps(table))  # type: ignore[misc]
    return [*plan.parts, _end(full, work)]


def is_asked(options: Options, kind: str) -> bool:
    """Whether a stage is between first and last, by number or in the order of running."""
    first, last, number = options.stage, options.stop_stage, KINDS.index(kind) + 1
    return first <= number <= last or _place(first) <= _ORDER.index(kind) <= _place(last)


def _place(number: int) -> int:
    """Place of a stage in the order of running."""
    return _ORDER.index(KINDS[number - 1]) if 1 <= number <= len(KINDS) else number


class _Plan:
    """Steps as they are added, without those that are not asked for."""

    def __init__(self, options: Options) -> None:
        self.parts: Parts = []
        self._options = options
        self._skipped = {stage_number("skip_stages", word) for word in options.skip_stages.split()}
        self._tokens: set[str] = set()
        self._states: set[str] = set()

    def add(self, kind: str, steps: Callable[[], Parts]) -> None:
        """Add the steps of a stage."""
        number = KINDS.index(kind) + 1
        if not is_asked(self._options, kind):
            return
        if number not in self._skipped:
            self.parts += steps()
            return
        note = log(f"stage {number} {kind}: skipped (--skip_stages)")
        if not (self._options.experiments and note in self.parts):
            self.parts.append(note)

    def add_tokens(self, experiment: Experiment) -> None:
        """Add the tokenizer that an experiment needs, unless an earlier one did."""
        tokens = experiment.tokens
        if tokens is not None and tokens.out not in self._tokens:
            self._tokens.add(tokens.out)
            self.add("tokens", lambda: tokens_steps(self._options, tokens))

    def add_states(self, experiment: Experiment) -> None:
        """Add the states that an experiment learns from, unless an earlier one did."""
        for name in (experiment.train_set, experiment.valid_set):
            out = states_of(experiment, name)
            if experiment.states and out not in self._states:
                self._states.add(out)
                steps = partial(states_steps, self._options, experiment, name)
                self.add("units", steps)

    def add_side_by_side(self, jobs: int, experiments: list[Named]) -> None:
        """Add experiments as runs of their own, those that need others after them."""
        by_level = sorted(experiments, key=lambda named: named.level)
        for _, group in groupby(by_level, key=lambda named: named.level):
            members = list(group)
            for named in members:
                self.add_states(named.experiment)
            self.parts.append(Note(("side_by_side", str(jobs), *(n.name for n in members))))

    def add_experiment(self, experiment: Experiment) -> None:
        """Add all that is made for and of an experiment."""
        options, kind = self._options, experiment.kind
        if experiment.choices:
            self.add(kind, lambda: best_steps(experiment))
        else:
            self._add_training(experiment)
        for test in experiment.tests:
            self.add("decode", lambda test=test: decode_steps(options, experiment, test))  # type: ignore[misc]
            self.add("score", lambda test=test: score_steps(options, experiment, test))  # type: ignore[misc]
        if experiment.tests:
            self.add("pack", lambda: pack_steps(options, experiment, experiment.tests[0]))

    def _add_training(self, experiment: Experiment) -> None:
        options, kind = self._options, experiment.kind
        if experiment.units is not None:
            self.add("units", lambda: units_steps(options, experiment))
        self.add_states(experiment)
        self.add_tokens(experiment)
        train = recogniser_steps if kind in ("mid", "finetune") else pretraining_steps
        self.add(kind, lambda: train(options, experiment))

    def add_translation(self, translation: Translation) -> None:
        """Add the translations of texts, and their scores."""
        options, test = self._options, translation.test
        self.add("decode", lambda: translation_steps(options, translation))
        self.add("score", lambda: score_steps(options, as_experiment(translation), test))


def _chained(options: Options) -> _Work:
    for name in _OF_LISTS:
        if getattr(options, name) != getattr(Options(), name):
            msg = f"--{name} is for lists of experiments; add --experiments conf/experiments.yaml"
            raise ConfigError(msg)
    experiments = default_chain(options)
    for experiment in experiments:
        # Names that follow from configurations and options may be too long.
        if experiment.out:
            _check_out(experiment, options)
    members = tuple(options.ssl_sets.split())
    return _Work(
        experiments=[Named(name=e.out, entry="", level=0, experiment=e) for e in experiments],
        translations=[],
        tables=[],
        joined={experiments[0].train_set: members} if len(members) > 1 else {},
        sets=sorted({options.train_set, *members, options.valid_set, *options.test_sets.split()}),
    )


def _check_out(experiment: Experiment, options: Options) -> None:
    """Refuse a folder that follows from options and cannot be one.

    Raises:
        ConfigError: it is too long, or has white space or such in it.
    """
    tag = {"ssl": "ssl_tag", "avssl": "avssl_tag", "mid": "mid_tag", "finetune": "tag"}
    check_name(f"--{tag[experiment.kind]}", experiment.out.removeprefix(f"{options.expdir}/"))


def _listed(given: Options, options: Options) -> _Work:
    for name in _OF_CHAIN:
        if getattr(given, name) != getattr(Options(), name):
            msg = f"--{name} is for runs without a list; say it in {options.experiments}"
            raise ConfigError(msg)
    seeds = [seed_number(word) for word in options.seeds.split()]
    found = load_experiments(options.experiments, seeds)
    experiments, told = named_experiments(found, options), translations(found, options)
    joined = {}
    used = {options.train_set, options.valid_set}
    for named in experiments:
        members = _members(found, named, options)
        if len(members) > 1:
            joined[named.experiment.train_set] = members
            # Each of them may be a name, and all together none.
            where = f"{options.experiments}: {named.name}: sets: several together are"
            check_name(where, named.experiment.train_set)
        used |= {*members, named.experiment.valid_set}
        used |= {name for test in named.experiment.tests for name in test.sets}
    used |= {name for translation in told for name in translation.test.sets}
    for name in used:
        check_set_names(options.experiments, name, options)
    return _Work(
        experiments=experiments,
        translations=told,
        tables=[] if options.only else tables(found, options),
        joined=joined,
        sets=sorted(used),
    )


def _members(found: ExperimentList, named: Named, options: Options) -> tuple[str, ...]:
    """Sets that an experiment learns from."""
    entry = found.experiments[named.entry]
    if entry.sets or entry.is_supervised:
        return entry.sets or (options.train_set,)
    return tuple(options.ssl_sets.split()) or (options.train_set,)


def _needed(options: Options, work: _Work) -> Iterable[tuple[int, str, str]]:
    """Stage, origin and name of each configuration that is read."""
    skipped = {stage_number("skip_stages", word) for word in options.skip_stages.split()}
    for number, where, file in sorted(_configs(options, work), key=lambda item: item[0]):
        if is_asked(options, KINDS[number - 1]) and number not in skipped:
            yield number, where, file


def _configs(options: Options, work: _Work) -> Iterable[tuple[int, str, str]]:
    yield 2, "--roi_config", options.roi_config
    yield 3, "--images_config", options.images_config
    yield 3, "--vectors_config", options.vectors_config
    yield 3, "--dump_config", options.dump_config
    yield 3, "--noise_config", options.noise_config
    for named in work.experiments:
        experiment = named.experiment
        listed = f"{options.experiments}: {named.name}:" if options.experiments else ""
        number = KINDS.index(experiment.kind) + 1
        name = "train" if experiment.kind == "finetune" else experiment.kind
        yield number, listed or f"--{name}_config", experiment.config
        if experiment.units is not None:
            yield 5, listed or "--units_config", experiment.units.config
        for test in experiment.tests:
            yield 10, listed or "--decode_config", test.config
            if experiment.tokens is not None:
                yield 12, "--roi_config", options.roi_config
                yield 12, listed or "--decode_config", test.config
            yield 11, listed or "--expected_scores", test.expected


def _end(options: Options, work: _Work) -> Note:
    text = "done; logs in logdir/ beside each output"
    if options.stop_stage >= KINDS.index("decode") + 1:
        found = [table.out for table in work.tables]
        found = found or [t.out for named in work.experiments for t in named.experiment.tests]
        text += f"; results in {' '.join(found)}" if found else ""
    return log(text)
