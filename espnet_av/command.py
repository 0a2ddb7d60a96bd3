"""What the programs of bin/ share: options of the same name, and errors in one line."""

from __future__ import annotations

import argparse
import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from espnet_av.errors import AVError, ConfigError

_CURABLE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EACCES: "check its owner and mode",
    errno.EROFS: "write elsewhere",
    errno.EEXIST: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EISDIR: "check the path",
}
"""What to do about faults of the machine, not of the program."""


def stage_parser(verb: str, description: str | None) -> argparse.ArgumentParser:
    """Parser of `espnet-av <verb>`, which is `python -m espnet_av.bin.<verb>` too."""
    return argparse.ArgumentParser(prog=f"espnet-av {verb}", description=description)


def add_config(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--config` and `--override`; `what` says what the YAML is about."""
    parser.add_argument("--config", type=Path, required=True, help=f"YAML: {what}")
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the YAML, as in part.key=3; may be given several times",
    )


def add_jobs(parser: argparse.ArgumentParser, what: str) -> None:
    """Add `--job` and `--num_jobs`; `what` says what the jobs share."""
    parser.add_argument("--job", type=int, default=1, help=f"which share of {what}, from 1")
    parser.add_argument("--num_jobs", type=int, default=1, help="number of shares")


def check_jobs(job: int, num_jobs: int) -> None:
    """Check that `--job` is one of `--num_jobs`.

    Raises:
        ConfigError: it is not; its share would be nothing, or another job's.
    """
    if not 1 <= job <= num_jobs:
        msg = f"--job {job}: must be from 1 to --num_jobs {num_jobs}"
        raise ConfigError(msg)


def device_of(ngpu: int) -> str:
    """Where a model runs with this `--ngpu`.

    Raises:
        ConfigError: so many GPUs are not visible.
    """
    # Commands that need no model answer without the seconds that this import takes.
    import torch

    count = torch.cuda.device_count()
    if ngpu > count:
        msg = f"--ngpu {ngpu}: {count or 'no'} GPU is visible; use --ngpu {count}"
        raise ConfigError(msg)
    return "cuda" if ngpu else "cpu"


def explain(error: AVError | OSError) -> str | None:
    """One line on what is wrong and what to do; None: it is no user's fault, and no machine's."""
    if isinstance(error, AVError):
        return str(error)
    if error.errno not in _CURABLE:
        return None
    return f"{error}; {_CURABLE[error.errno]}, and run again"


@contextmanager
def user_errors(verb: str, level: int = logging.INFO) -> Iterator[None]:
    """Log to standard error, and end with one line, status 1, on what a user can cure."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s: %(message)s")
    try:
        yield
    except (AVError, OSError) as error:
        line = explain(error)
        if line is None:
            raise
        kind = f"{type(error).__name__}: " if isinstance(error, AVError) else ""
        sys.exit(f"{verb}: {kind}{line}")
