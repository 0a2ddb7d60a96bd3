"""The options of every recipe, with their defaults and a sentence each."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from espnet_av.errors import ConfigError
from espnet_av.text_file import quoted

KINDS = (
    "data", "roi", "dump", "ssl", "units", "avssl", "mid", "tokens", "finetune", "decode", "score",
    "pack",
)  # fmt: skip
"""Stages 1 to 12 by name. Tokens (8) are made before mid-training (7), which needs them."""
USAGE = """usage: ./run.sh [--option value]...
Stages: 1 data  2 roi  3 dump  4 ssl  5 units  6 avssl  7 mid  8 tokens  9 finetune  10 decode
        11 score  12 pack; names work as well as numbers, and train for 4 to 9
Options with their defaults; write them as --stop_stage 3 or --ngpu 1:
"""


def _option(default: Any, text: str, group: str = "") -> Any:
    return dataclasses.field(default=default, metadata={"text": text, "group": group})


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a run; those of several words are split at white space where they are used."""

    stage: int = _option(1, "first stage to run", "General")
    stop_stage: int = _option(12, "last stage to run")
    skip_stages: str = _option("", 'stages to leave out, as in "4 5 6" or "ssl units"')
    dry_run: bool = _option(False, "print the commands, run nothing")
    ngpu: int = _option(0, "GPUs a machine for training; with any, each decoding job uses one")
    num_nodes: int = _option(1, "machines for training")
    num_processes: int = _option(1, "training processes without a GPU; batch sizes are for each")
    nj: int = _option(2, "parallel jobs of the data stages")
    decode_nj: int = _option(2, "parallel jobs of decoding")
    datadir: str = _option("data", "Kaldi-style data directories")
    dumpdir: str = _option("dump", "archives that training reads")
    expdir: str = _option("exp", "models and results")
    conf: str = _option("conf", "configurations; others may have the same names, as in conf/tiny")
    experiments: str = _option(
        "", "named experiments in place of the chain below, as in conf/experiments.yaml", "Lists"
    )
    only: str = _option("", "of those just these, and what they start from")
    seeds: str = _option("", 'in place of the seeds that the list has, as in "1 2 3"')
    jobs: int = _option(1, "experiments side by side")
    train_set: str = _option("train", "", "Data")
    valid_set: str = _option("valid", "")
    test_sets: str = _option("test", "one or more")
    local_data_opts: str = _option("", "options for local/data.sh")
    roi_config: str = _option(
        "", "none: there are no mouths; default: <conf>/roi.yaml; so the others"
    )
    dump_config: str = _option("", "a set may have its own, as <conf>/dump_train.yaml")
    images_config: str = _option("", "features of the images that sets name; none: no images")
    image_sources: str = _option("", "of these: .tsv, .hdf5 or folders, as in bin.images")
    vectors_config: str = _option("", "vectors of the sentences, which distillation learns")
    teacher: str = _option("", "by this text encoder: a folder of Hugging Face")
    vectors_sets: str = _option("", "of these sets; default: all that are used")
    noise_config: str = _option("", "none: no noises are made")
    babble_sets: str = _option(
        "", "test sets whose voices babble in tests; default: held-out voices of train"
    )
    langs: str = _option("", 'train only on what is spoken in these, as "de es"; default: all')
    tgt_lang: str = _option("", "write translations into this language; default: transcripts")
    token_type: str = _option("char", "char, word, unigram or bpe", "Tokens")
    nbpe: int = _option(32, "vocabulary size of unigram and bpe")
    token_args: str = _option("", 'more options of bin.tokens, as in "--temperature 2 --lang_tags"')
    token_dir: str = _option("", "default: a folder in <datadir>/token_list for each choice above")
    unit_parts: int = _option(1, "frame labels a word or phone of the ctm is cut into, in time")
    ssl_sets: str = _option(
        "",
        "what stages 4 to 6 learn from, several are joined; default: train_set",
        "Pre-training: a stage without a configuration is skipped",
    )
    ssl_config: str = _option("", "sound alone: wav2vec2")
    ssl_args: str = _option("", "more options of bin.train, as in train_args below; so avssl_args")
    ssl_tag: str = _option("", "its experiment, be it finished already; default: from the above")
    units_from: str = _option(
        "", "experiment whose features round 1 clusters, or mfcc; default: ssl_tag or mfcc"
    )
    rounds: int = _option(1, "stages 5 and 6 run so often, units coming from the round before")
    units_config: str = _option(
        "", "for each round a word, or the last one for all that follow; so avssl_config"
    )
    avssl_config: str = _option("", "sound and lips: avhubert; or sound by units: hubert")
    avssl_args: str = _option("", "")
    avssl_tag: str = _option("", "to which _r<round> is added")
    avssl_from: str = _option(
        "", "ssl or none: weights that each round starts from; default: ssl if there is one"
    )
    mid_config: str = _option("", "a recogniser trained between, which stage 9 starts from")
    mid_args: str = _option("", "more options of bin.train")
    mid_tag: str = _option("", "its experiment; default: a name for the above")
    mid_from: str = _option(
        "", "start from avssl, ssl, none or a folder; default: as stage 9 below"
    )
    train_config: str = _option(
        "", "default: <conf>/train_<system>.yaml, or train_avsr.yaml", "Fine-tuning"
    )
    finetune_from: str = _option(
        "",
        "start from mid, avssl, ssl, none or a folder, as ../x/exp/y; default: the last configured",
    )
    train_args: str = _option(
        "", 'more options of bin.train, as in "--override max_steps=9 --override seed=2"'
    )
    tag: str = _option("", "name of the experiment; default: from train_config and train_args")
    decode_config: str = _option("", "", "Decoding, scoring, packing")
    decode_args: str = _option("", "more options of bin.decode")
    decode_model: str = _option(
        "", "weights in the experiment, as valid.loss.best.pth; default: the average"
    )
    modes: str = _option("A V AV", "audio, video, both")
    noises: str = _option("clean", 'clean or category:dB, as in "clean babble:0 babble:-5"')
    missing_video: str = _option(
        "", 'also with less video, as "whole:0.5 frames:0.5 start:0.5 middle:0.5 end:0.5"'
    )
    system: str = _option("", "which model of the published tables this is (its `systems`)")
    expected_scores: str = _option("expected_scores.yaml", "")

    @property
    def decode_ngpu(self) -> int:
        """GPUs of each decoding job."""
        return int(self.ngpu > 0)

    def with_defaults(self) -> Options:
        """The same, with the names of configurations that follow from `conf` and `system`."""
        defaults: dict[str, Any] = {
            f"{name}_config": f"{self.conf}/{name}.yaml" for name in _BY_CONF
        }
        defaults["train_config"] = f"{self.conf}/train_{self.system or 'avsr'}.yaml"
        return dataclasses.replace(
            self, **{name: value for name, value in defaults.items() if not getattr(self, name)}
        )


_BY_CONF = ("roi", "dump", "noise", "decode")
_TYPES = {field.name: type(field.default) for field in dataclasses.fields(Options)}


def help_text() -> str:
    """What `./run.sh --help` prints."""
    lines = [USAGE]
    for field in dataclasses.fields(Options):
        if field.metadata["group"]:
            lines.append(f"# {field.metadata['group']}\n")
        shown = str(field.default).lower() if field.default is False else str(field.default)
        shown = f"{field.name}={shown or chr(34) * 2}"
        text = field.metadata["text"]
        lines.append(f"{shown:<22} # {text}\n" if text else f"{shown}\n")
    return "".join(lines)


def parse_options(words: Sequence[str]) -> Options:
    """Read `--name value` pairs; a later one wins, and `--dry_run` may stand alone.

    Raises:
        ConfigError: an option is unknown or without a value, or a word stands alone.
    """
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name = _option_name(word)
        kind = _TYPES[name]
        if kind is bool:
            found[name] = _switch(word, rest)
            continue
        if not rest:
            msg = f"option {word} needs a value"
            raise ConfigError(msg)
        value = rest.pop(0)
        if name in ("stage", "stop_stage"):
            found[name] = stage_number(name, value)
        else:
            found[name] = _whole_number(name, value) if kind is int else value
    return Options(**found)


def _option_name(word: str) -> str:
    if not word.startswith("--") or len(word) == 2:
        msg = f"unexpected argument '{quoted(word)}'; options are --name value, see --help"
        raise ConfigError(msg)
    if "=" in word:
        msg = f"write '{word.replace('=', ' ', 1)}', without '='"
        raise ConfigError(msg)
    name = word[2:].replace("-", "_")
    if name not in _TYPES:
        near = difflib.get_close_matches(name, _TYPES, n=1)
        hint = f"did you mean --{near[0]}? " if near else ""
        msg = f"unknown option {quoted(word)}; {hint}see --help"
        raise ConfigError(msg)
    return name


def _switch(word: str, rest: list[str]) -> bool:
    if not rest or rest[0].startswith("--"):
        return True
    value = rest.pop(0)
    if value not in ("true", "false"):
        msg = f"option {word} takes true or false, not '{quoted(value)}'"
        raise ConfigError(msg)
    return value == "true"


def _whole_number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        msg = f"--{name} '{quoted(value)}': expected a whole number"
        raise ConfigError(msg) from None


def stage_number(option: str, value: str) -> int:
    """Number of a stage that is given by number or name; `train` is all that trains, 4 to 9.

    Raises:
        ConfigError: there is no stage of that name.
    """
    if value == "train":
        return 4 if option == "stage" else 9
    if value in KINDS:
        return KINDS.index(value) + 1
    try:
        return int(value)
    except ValueError:
        near = difflib.get_close_matches(value, KINDS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        names = ", ".join(KINDS)
        msg = f"--{option} '{quoted(value)}': {hint}a number from 1 to 12, train, or one of {names}"
        raise ConfigError(msg) from None


def seed_number(word: str) -> int:
    """A seed of `--seeds`.

    Raises:
        ConfigError: it is no number.
    """
    if not word.isdigit():
        msg = f"--seeds '{word}': seeds are whole numbers, as in \"1 2 3\""
        raise ConfigError(msg)
    return int(word)
