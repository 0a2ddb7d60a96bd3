"""Translations of texts in a list of experiments, and their steps."""

from __future__ import annotations

from collections.abc import Sequence

from espnet_av.recipe.experiment import Experiment, Translation
from espnet_av.recipe.experiment_list import ExperimentList
from espnet_av.recipe.inputs import marks_of_sets
from espnet_av.recipe.jobs import translate_texts
from espnet_av.recipe.named import full_name, test_of
from espnet_av.recipe.options import Options
from espnet_av.recipe.step import Note, Step, log


def translations(found: ExperimentList, options: Options) -> list[Translation]:
    """The translations of texts of a list, one for each seed of what wrote the texts."""
    wanted = options.only.split() or found.translations
    return [
        t
        for name in found.translations
        if name in wanted
        for t in translation_of(found, name, options)
    ]


def translation_of(found: ExperimentList, name: str, options: Options) -> list[Translation]:
    """The same of one entry."""
    entry, result = found.translations[name], []
    experiment, test = entry.source
    for seed in (found.experiments[experiment].seeds if entry.of else ()) or (None,):
        out = f"{options.expdir}/{full_name(name, seed)}"
        source = f"{options.expdir}/{full_name(experiment, seed)}" if entry.of else ""
        own = test_of(found.tests[entry.test], name, out, options)
        written = test_of(found.tests[test], experiment, source, options).out if source else ""
        result.append(
            Translation(
                name=full_name(name, seed),
                model=entry.model.rstrip("/"),
                target_lang=options.tgt_lang,
                source=written,
                args=entry.args,
                test=own,
            )
        )
    return result


def translation_steps(options: Options, translation: Translation) -> list[Step | Note]:
    """Also of stage 10: transcripts, or what a recogniser wrote -> translations."""
    test, dump = translation.test, options.dumpdir
    args = ["--config", test.config, "--model", translation.model]
    args += ["--target_lang", translation.target_lang, *translation.args.split()]
    args += ["--of", translation.source] if translation.source else []
    args += ["--sets", *(f"{dump}/{name}" for name in test.sets)]
    of = translation.source or f"{dump}/{{{','.join(test.sets)}}}/text"
    weights = (f"{translation.model}/config.json", f"if:{translation.model}/*.safetensors")
    inputs = (test.config, *weights, *marks_of_sets(options, *test.sets))
    inputs += (f"{translation.source}/.done.decode",) if translation.source else ()
    return [
        log(f"stage 10 decode: {of} + {translation.model} -> {test.out}"),
        Step(f"{test.out}/.done.decode", inputs, *translate_texts(options, test.out, *args)),
    ]


def as_experiment(translation: Translation) -> Experiment:
    """For its scores, which are those of any translator."""
    out = translation.test.out.rpartition("/")[0]
    sets: Sequence[str] = translation.test.sets
    return Experiment(kind="finetune", out=out, config="", train_set=sets[0], valid_set=sets[0])
