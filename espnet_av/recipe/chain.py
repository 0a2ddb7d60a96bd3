"""The options of a run as experiments: pre-training, twice perhaps, mid-training, fine-tuning."""

from __future__ import annotations

from espnet_av.errors import ConfigError
from espnet_av.recipe.experiment import (
    Experiment,
    Test,
    Tokens,
    Units,
    base_name,
    experiment_name,
    file_stem,
    odd_replaced,
)
from espnet_av.recipe.options import Options


def default_chain(options: Options) -> tuple[Experiment, ...]:
    """The experiments of a run without a list, one after the other.

    Args:
        options: with their defaults.

    Raises:
        ConfigError: the start of a stage is no choice.
    """
    rounds = [_avssl(options, number) for number in range(1, options.rounds + 1)]
    return (_ssl(options), *rounds, _mid(options), _finetune(options))


def ssl_set(options: Options) -> str:
    """The set that pre-training learns from: several are joined."""
    return options.ssl_sets.replace(" ", "_") or options.train_set


def nth(number: int, words: str) -> str:
    """That word, or the last one when there are fewer; nothing of none."""
    found = words.split()
    return found[min(number, len(found)) - 1] if found else ""


def data_name(options: Options) -> str:
    """What a name says of languages and tokens, of those that are not the default."""
    name = f"_{options.langs}" if options.langs else ""
    name += f"_to_{options.tgt_lang}" if options.tgt_lang else ""
    return name + (f"_{options.token_args.replace('--', '')}" if options.token_args else "")


def default_tokens(options: Options) -> Tokens:
    """The tokenizer that the options ask for."""
    name = options.token_type
    if name in ("bpe", "unigram"):
        name += f"_{options.nbpe}"
    name += odd_replaced(data_name(options))
    return Tokens(
        out=options.token_dir or f"{options.datadir}/token_list/{name}",
        train_set=options.train_set,
        kind=options.token_type,
        nbpe=options.nbpe,
        args=tuple(options.token_args.split()),
        langs=tuple(options.langs.split()),
        target_lang=options.tgt_lang,
        unit_parts=options.unit_parts,
    )


def default_test(options: Options, out: str) -> Test:
    """The decoding that the options ask for, of the experiment in `out`."""
    return Test(
        out=f"{out}/{file_stem(options.decode_config)}",
        config=options.decode_config,
        args=options.decode_args,
        sets=tuple(options.test_sets.split()),
        modes=tuple(options.modes.split()),
        noises=tuple(options.noises.split()),
        missing_video=tuple(options.missing_video.split()),
        checkpoint=options.decode_model,
        expected=options.expected_scores,
        system=options.system,
    )


def _ssl_exp(options: Options) -> str:
    tag = options.ssl_tag
    if not tag and options.ssl_config:
        tag = experiment_name(options.ssl_config, options.ssl_args)
    return f"{options.expdir}/{tag}" if tag else ""


def _avssl_exp(options: Options, number: int) -> str:
    name = experiment_name(nth(number, options.avssl_config), options.avssl_args)
    return f"{options.expdir}/{options.avssl_tag or name}_r{number}"


def _mid_exp(options: Options) -> str:
    tag = options.mid_tag
    if not tag and options.mid_config:
        tag = experiment_name(options.mid_config, options.mid_args)
        tag += odd_replaced(data_name(options))
    return f"{options.expdir}/{tag}" if tag else ""


def _features_exp(options: Options, number: int) -> str:
    """The model whose features become the units of a round; none: MFCC."""
    if number > 1:
        return _avssl_exp(options, number - 1)
    if options.units_from == "mfcc":
        return ""
    return f"{options.expdir}/{options.units_from}" if options.units_from else _ssl_exp(options)


def _ssl(options: Options) -> Experiment:
    return Experiment(
        kind="ssl",
        out=_ssl_exp(options),
        config=options.ssl_config,
        args=options.ssl_args,
        train_set=ssl_set(options),
        valid_set=options.valid_set,
    )


def _avssl(options: Options, number: int) -> Experiment:
    if options.avssl_from not in ("", "ssl", "none"):
        msg = f"--avssl_from is ssl or none, not '{options.avssl_from}'"
        raise ConfigError(msg)
    out = _avssl_exp(options, number)
    return Experiment(
        kind="avssl",
        out=out,
        config=nth(number, options.avssl_config),
        args=options.avssl_args,
        start="" if options.avssl_from == "none" else _ssl_exp(options),
        train_set=ssl_set(options),
        valid_set=options.valid_set,
        units=Units(
            out=f"{options.dumpdir}/units/{base_name(out)}",
            config=nth(number, options.units_config),
            source=_features_exp(options, number),
        ),
        about="" if options.rounds == 1 else f", round {number} of {options.rounds}",
    )


def _mid(options: Options) -> Experiment:
    return Experiment(
        kind="mid",
        out=_mid_exp(options),
        config=options.mid_config,
        args=options.mid_args,
        start=_start("mid_from", options.mid_from, options),
        train_set=options.train_set,
        valid_set=options.valid_set,
        tokens=default_tokens(options),
    )


def _start(option: str, chosen: str, options: Options) -> str:
    """The weights that a choice stands for."""
    if chosen == "":
        return _avssl_exp(options, options.rounds) if options.avssl_config else _ssl_exp(options)
    if chosen == "avssl":
        return _avssl_exp(options, options.rounds)
    if chosen == "ssl":
        return _ssl_exp(options)
    if chosen == "none":
        return ""
    if "/" in chosen:
        return chosen.removesuffix("/")
    more = "mid, " if option == "finetune_from" else ""
    msg = f"--{option} is {more}avssl, ssl, none or a folder, not '{chosen}'"
    raise ConfigError(msg)


def _finetune_start(options: Options) -> str:
    """Where fine-tuning starts from: by default the last training that is configured."""
    if options.finetune_from == "mid" and not _mid_exp(options):
        msg = "--finetune_from is mid, and there is none; set --mid_config, or --mid_tag"
        raise ConfigError(msg)
    if options.finetune_from == "mid" or (not options.finetune_from and _mid_exp(options)):
        return _mid_exp(options)
    return _start("finetune_from", options.finetune_from, options)


def _finetune(options: Options) -> Experiment:
    start = _finetune_start(options)
    name = f"{experiment_name(options.train_config, '')}_{options.token_type}"
    name += f"_from_{base_name(start)}" if start else ""
    told = options.train_args.replace("--override ", "")
    name += odd_replaced(data_name(options) + (f"_{told}" if told else ""))
    out = f"{options.expdir}/{options.tag or name}"
    return Experiment(
        kind="finetune",
        out=out,
        config=options.train_config,
        args=options.train_args,
        start=start,
        train_set=options.train_set,
        valid_set=options.valid_set,
        tokens=default_tokens(options),
        tests=(default_test(options, out),),
    )
