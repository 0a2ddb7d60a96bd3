"""The steps of each stage: what goes in, what comes out, which programs are started."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from espnet_av.recipe.experiment import ComparisonTable, Experiment, Test, Tokens
from espnet_av.recipe.head_steps import choice_steps, upstream_marks, upstream_options
from espnet_av.recipe.image_steps import images_dir
from espnet_av.recipe.inputs import (
    lm_files,
    marks_of_sets,
    media_tables,
    noise_mark,
    noise_options,
    tables,
    weights_of,
)
from espnet_av.recipe.jobs import decode_sets, learnt_from, parallel_jobs, python_job, train_model
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Job, Note, Step, log, not_configured
from espnet_av.recipe.vector_steps import vectors_dir

Parts = list[Step | Note]
_MARKERS = {"ssl": "train", "avssl": "train", "mid": "train", "finetune": "finetune"}


@dataclass(frozen=True, kw_only=True)
class Site:
    """What db.sh says of this machine."""

    roots: str = ""
    """Lines of `name=folder` of the corpora that local/data.sh reads."""
    musan_dir: str = ""
    """MUSAN, if it is there."""


def data_steps(options: Options, sets: Sequence[str], site: Site) -> Parts:
    """Stage 1: corpus -> data dirs."""
    folder = options.datadir
    words = ("prepare_data", *options.local_data_opts.split())
    command = ("local/data.sh", "--datadir", folder, *words[1:])
    return [
        log(f"stage 1 data: corpus -> {folder}/{{{','.join(sets)}}}"),
        Step(
            f"{folder}/.done",
            ("local/data.sh", "conf/corpus*.yaml", f"fetched:{folder}"),
            (("depends_on", site.roots) if site.roots else ()) + words,
            (Job("train_cmd", (f"{folder}/logdir/data.log", *command)),),
        ),
        # What the copy of the corpus lacks, beside the published sizes, where the corpus tells.
        Note(("show_coverage", folder)),
    ]


def roi_steps(options: Options, sets: Sequence[str]) -> Parts:
    """Stage 2: data dirs -> mouth clips."""
    if options.roi_config == "none":
        return [log("stage 2 roi: no mouths (--roi_config none)")]
    data, roi = options.datadir, f"{options.dumpdir}/roi"
    parts: Parts = [log(f"stage 2 roi: {data}/<set> -> {roi}/<set>")]
    for name in sets:
        args = ("--config", options.roi_config, f"{data}/{name}", f"{roi}/{name}")
        parts.append(
            Step(
                f"{roi}/{name}/.done",
                (
                    options.roi_config,
                    f"{data}/.done",
                    *media_tables(f"{data}/{name}"),
                    f"fetched:{roi}/{name}",
                ),
                *parallel_jobs(options, f"{roi}/{name}/logdir", "roi", *args),
            )
        )
    return parts


def dump_steps(
    options: Options, sets: Sequence[str], joined: Mapping[str, tuple[str, ...]], site: Site
) -> Parts:
    """Stage 3: data dirs and mouth clips -> archives, and noises."""
    data, dump = options.datadir, options.dumpdir
    title = f"stage 3 dump: {data}/<set> + {dump}/roi/<set> -> {dump}/<set>, {dump}/noise"
    parts: Parts = [log(title)]
    images = ("--images_dir", images_dir(options)) if options.images_config else ()
    vectors = (f"{vectors_dir(options)}/.done",) if options.vectors_config else ()
    for name in sets:
        own = f"{options.dump_config.removesuffix('.yaml')}_{name}.yaml"
        config = own if Path(own).is_file() else options.dump_config
        args = (f"{data}/{name}", f"{dump}/roi/{name}", f"{dump}/{name}", *images)
        parts.append(
            Step(
                f"{dump}/{name}/.done",
                (
                    config,
                    f"{dump}/roi/{name}/.done",
                    *((f"{images_dir(options)}/.done",) if images else ()),
                    *vectors,
                    *tables(f"{data}/{name}"),
                    f"fetched:{dump}/{name}",
                ),
                *parallel_jobs(options, f"{dump}/{name}/logdir", "dump", "--config", config, *args),
            )
        )
    for name, members in joined.items():
        command = ("combine_data.sh", f"{dump}/{name}", *(f"{dump}/{part}" for part in members))
        parts.append(
            Step(
                f"{dump}/{name}/.done",
                marks_of_sets(options, *members),
                ("run", *command),
                (Job("here_cmd", command),),
            )
        )
    return [*parts, _noise_step(options, site)]


def _noise_step(options: Options, site: Site) -> Step | Note:
    """Babble of the training voices, or of those of test sets, and cuts of MUSAN."""
    if options.noise_config == "none":
        return log("    no noises (--noise_config none)")
    dump, babble = options.dumpdir, options.babble_sets.split()
    args = ["--config", options.noise_config]
    args += ["--musan_dir", site.musan_dir] if site.musan_dir else []
    args += ["--test_dirs", *(f"{dump}/{name}" for name in babble), "--"] if babble else []
    args += [f"{dump}/{options.train_set}", f"{dump}/noise"]
    return Step(
        f"{dump}/noise/.done",
        (options.noise_config, *marks_of_sets(options, options.train_set, *babble)),
        *python_job(f"{dump}/noise/logdir/noise.log", "noise", *args),
    )


def tokens_steps(options: Options, tokens: Tokens) -> Parts:
    """Stage 8: text -> tokenizer."""
    if tokens.is_taken:
        return [log(f"stage 8 tokens: {tokens.out}, as they are")]
    language = f".{tokens.target_lang}" if tokens.target_lang else ""
    dump = f"{options.dumpdir}/{tokens.train_set}"
    args = ["--token_type", tokens.kind, "--nbpe", str(tokens.nbpe), *tokens.args]
    args += ["--langs", *tokens.langs] if tokens.langs else []
    args += ["--target_lang", tokens.target_lang] if tokens.target_lang else []
    args += ["--unit_parts", str(tokens.unit_parts), dump, tokens.out]
    return [
        log(f"stage 8 tokens: {dump}/text{language} -> {tokens.out}"),
        Step(
            f"{tokens.out}/.done",
            marks_of_sets(options, tokens.train_set),
            *python_job(f"{tokens.out}/logdir/tokens.log", "tokens", *args),
        ),
    ]


def pretraining_steps(options: Options, experiment: Experiment) -> Parts:
    """Stages 4 and 6: clips -> a model that has heard, or heard and seen."""
    kind, units = experiment.kind, experiment.units
    number = {"ssl": 4, "avssl": 6}[kind]
    dump = f"{options.dumpdir}/{experiment.train_set}"
    title = f"stage {number} {kind}{experiment.about}: {dump}{f' + {units.out}' if units else ''}"
    title += f" -> {experiment.out or f'{options.expdir}/<{kind}>'}"
    if not experiment.config:
        return [log(title), not_configured(f"{kind}_config")]
    args = [*_start_options(experiment), *experiment.args.split()]
    args += ["--units_dir", units.out] if units and units.config else []
    inputs = (experiment.config, *_marks(options, experiment))
    inputs += ((f"{units.out}/.done",) if units else ()) + (weights_of(experiment.start),)
    inputs += experiment.parts
    step = Step(
        _marker(experiment),
        (*inputs, noise_mark(options, experiment.config, experiment.args)),
        *train_model(options, experiment, *args, "--train_dir", dump),
    )
    return [log(title), step]


def recogniser_steps(options: Options, experiment: Experiment) -> Parts:
    """Stages 7 and 9: clips, their text or labels, and a start -> a model that predicts them."""
    kind, tokens, dump = experiment.kind, experiment.tokens, options.dumpdir
    origin = "".join(f"{name} + " for name in (experiment.start, experiment.upstream) if name)
    sets = f"{dump}/{{{experiment.train_set},{experiment.valid_set}}}"
    sets += f" + {tokens.out}" if tokens else ""
    out = experiment.out or f"{options.expdir}/<{kind}>"
    number = {"mid": 7, "finetune": 9}[kind]
    title = log(f"stage {number} {kind}: {origin}{sets} -> {out}")
    if not experiment.config:
        return [title, not_configured(f"{kind}_config")]
    args = [*_start_options(experiment), *upstream_options(experiment), *experiment.args.split()]
    if tokens:
        args += _token_options(tokens)
    args += ["--train_dir", learnt_from(options, experiment, experiment.train_set)]
    inputs = (
        experiment.config,
        tokens.mark if tokens else "",
        weights_of(experiment.start),
        *experiment.parts,
        noise_mark(options, experiment.config, experiment.args),
    )
    step = Step(
        _marker(experiment),
        (*inputs, *_marks(options, experiment), *upstream_marks(experiment)),
        *train_model(options, experiment, *args),
    )
    return [title, step]


def best_steps(experiment: Experiment) -> Parts:
    """Also of these stages: a sweep -> the best of its trainings."""
    members = (dataclasses.replace(experiment, out=out) for out in experiment.choices)
    return choice_steps(experiment, _marker(experiment), tuple(map(_marker, members)))


def decode_steps(options: Options, experiment: Experiment, test: Test) -> Parts:
    """Stage 10: a model, test sets -> hypotheses in each mode and noise."""
    dump = options.dumpdir
    args = ["--config", test.config, *test.args.split(), "--exp_dir", experiment.out]
    args += ["--checkpoint", test.checkpoint] if test.checkpoint else []
    args += ["--missing_video", *test.missing_video] if test.missing_video else []
    args += ["--sets", *(f"{dump}/{name}" for name in test.sets), "--modes", *test.modes]
    args += ["--noises", *test.noises, *noise_options(options, "test")]
    inputs = (test.config, *lm_files(test.config, test.args), _marker(experiment))
    return [
        log(f"stage 10 decode: {experiment.out} + {dump}/{{{','.join(test.sets)}}} -> {test.out}"),
        Step(
            f"{test.out}/.done.decode",
            (*inputs, *marks_of_sets(options, *test.sets, "noise")),
            *decode_sets(options, test, *args),
        ),
    ]


def score_steps(options: Options, experiment: Experiment, test: Test) -> Parts:
    """Stage 11: hypotheses -> scores, tables, pictures."""
    args = ["--expected", test.expected] if test.expected else []
    args += ["--system", test.system] if test.system else []
    return [
        log(f"stage 11 score: {test.out} -> {test.out}/RESULTS.md"),
        Step(
            f"{test.out}/.done.score",
            (test.expected, f"{test.out}/.done.decode"),
            *python_job(f"{test.out}/logdir/score.log", "score", *args, test.out),
        ),
        Note(("show_results", test.out, f"{experiment.out}/images", f"{options.dumpdir}/roi")),
    ]


def pack_steps(options: Options, experiment: Experiment, test: Test) -> Parts:
    """Stage 12: a model that writes text, and what it needs -> one zip, for `transcribe`."""
    out = experiment.out
    if experiment.tokens is None:
        return [log(f"stage 12 pack: {out} writes no text for 'espnet-av transcribe', skipped")]
    args = ["--exp_dir", out]
    args += ["--checkpoint", test.checkpoint] if test.checkpoint else []
    args += ["--roi_config", options.roi_config, "--decode_config", test.config, f"{out}/model.zip"]
    inputs = (_marker(experiment), options.roi_config, test.config)
    return [
        log(f"stage 12 pack: {out} -> {out}/model.zip"),
        Step(
            f"{out}/.done.pack",
            (*inputs, *lm_files(test.config, test.args)),
            *python_job(f"{out}/logdir/pack.log", "pack", *args),
        ),
    ]


def table_steps(table: ComparisonTable) -> Parts:
    """Also of stage 11: experiments over seeds -> one table with differences."""
    words = ["python3", "-m", f"espnet_av.bin.{table.program}", *table.options]
    for titles, scores in table.rows:
        words += ["--system", *titles, *scores]
    return [
        log(f"stage 11 score: {len(table.rows)} systems -> {table.out}"),
        Note(("run", *words, "--output", table.out)),
    ]


def _marker(experiment: Experiment) -> str:
    return f"{experiment.out}/.done.{_MARKERS[experiment.kind]}"


def _marks(options: Options, experiment: Experiment) -> tuple[str, ...]:
    return marks_of_sets(options, experiment.train_set, experiment.valid_set)


def _token_options(tokens: Tokens) -> list[str]:
    args = ["--override", f"dataset.langs=[{','.join(tokens.langs)}]"] if tokens.langs else []
    if tokens.target_lang:
        args += ["--override", f"dataset.target_lang={tokens.target_lang}"]
    return [*args, "--token_dir", tokens.out]


def _start_options(experiment: Experiment) -> tuple[str, ...]:
    told = ",".join(filter(None, (experiment.start, *experiment.parts)))
    start = ("--override", f"init_param=[{told}]") if told else ()
    return ("--config", experiment.config, *start)
