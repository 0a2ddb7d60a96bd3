"""What is refused at once, because it would fail, or mean something else, stages later."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from espnet_av.errors import ConfigError
from espnet_av.recipe.options import Options

# Names go through lists of words, patterns and command lines of jobs, where JOB is a number.
_BAD_NAME = re.compile(r"^-|[\]\s\"'`$\\*?\[;&|<>(){}%,:]|JOB", re.ASCII)
_BAD_SETS = re.compile(r"[\"'`$\\*?\[;&|<>(){}%,:/\]]|JOB|(^|\s)-", re.ASCII)
_NAMES = (
    "datadir", "dumpdir", "expdir", "conf", "train_set", "valid_set", "tag", "ssl_tag", "avssl_tag",
    "mid_tag", "token_dir", "roi_config", "dump_config", "images_config", "noise_config",
    "vectors_config", "teacher",
    "ssl_config", "mid_config", "train_config", "decode_config", "decode_model", "units_from",
    "mid_from", "finetune_from", "expected_scores", "system",
)  # fmt: skip
_NEVER_EMPTY = ("datadir", "dumpdir", "expdir", "conf", "train_set", "valid_set")
_SETS = ("train_set", "ssl_sets", "valid_set", "test_sets", "babble_sets", "vectors_sets")
_TAKEN = ("roi", "images", "noise", "units", "vectors", "logdir", "token_list")
_MAX_NAME_BYTES = 199


def check_name(where: str, value: str) -> None:
    """Refuse a name of a file or folder that a command line would take for something else.

    Raises:
        ConfigError: it has white space or such in it, or is too long; `where` names its place.
    """
    if _BAD_NAME.search(value):
        msg = (
            f"{where} '{value}': white space, JOB and \"'`$\\*?[];&|<>(){{}}%,: may not be in it, "
            "nor - at its start; choose another name, or that of a link: "
            "ln -s <the folder or file> <name>"
        )
        raise ConfigError(msg)
    name = value.rstrip("/").rpartition("/")[2]
    if len(name.encode()) > _MAX_NAME_BYTES:
        msg = f"'{name}' is too long for the name of a file; give a shorter {where}"
        raise ConfigError(msg)


def check_names(options: Options) -> None:
    """The same of every option that is a name.

    Raises:
        ConfigError: one cannot be a name, or is empty where one is needed.
    """
    for option in _NAMES:
        value = getattr(options, option)
        check_name(f"--{option}", value)
        if not value and option in _NEVER_EMPTY:
            msg = f"--{option} may not be empty; leave it out, or give a name"
            raise ConfigError(msg)


def check_sets(options: Options) -> None:
    """The same of the data sets, which are folders in `datadir` and `dumpdir` beside others.

    Raises:
        ConfigError: one cannot be such a folder.
    """
    for option in _SETS:
        check_set_names(f"--{option}", getattr(options, option), options)


def check_set_names(where: str, value: str, options: Options) -> None:
    """The same of the sets in a value; `where` names its place.

    Raises:
        ConfigError: one cannot be a folder beside the others.
    """
    if _BAD_SETS.search(value):
        msg = (
            f"{where} '{value}': sets are names of folders in {options.datadir}, of letters, "
            "digits, . _ -"
        )
        raise ConfigError(msg)
    for name in value.split():
        if name in _TAKEN or name.startswith("."):
            msg = (
                f"{where} '{name}': a folder of that name in {options.datadir} or "
                f"{options.dumpdir} is for something else; rename the set"
            )
            raise ConfigError(msg)


def check_configs(needed: Iterable[tuple[int, str, str]]) -> None:
    """Refuse what a stage would find missing hours later.

    Args:
        needed: stage, where the name comes from, the file.

    Raises:
        ConfigError: a file is not there.
    """
    for number, where, file in needed:
        if not file or file == "none" or Path(file).is_file():
            continue
        there = sorted(str(path) for path in Path(file).parent.glob("*.yaml"))
        msg = (
            f"{where} {file}: no such file, which stage {number} reads; there are: "
            f"{' '.join(there) or 'none'}"
        )
        raise ConfigError(msg)
