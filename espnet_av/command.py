"""What the programs of bin/ share: options of the same name, and errors in one line."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from espnet_av.errors import AVError, ConfigError

_CURABLE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space of your quota",
    errno.EFBIG: "raise the limit (ulimit -f unlimited), or write to another file system",
    errno.EACCES: "check its owner and mode",
    errno.EPERM: "check its owner and mode",
    errno.EROFS: "write elsewhere",
    errno.ENOENT: "check the path, and that nothing else moves or deletes files there",
    errno.EEXIST: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EISDIR: "check the path",
    errno.ELOOP: "check the links that it goes through",
    errno.ENAMETOOLONG: "shorten the name: an option such as --tag, or the ids in the data dir",
    errno.EMFILE: "raise the limit (ulimit -n 65536), or use fewer workers",
    errno.ENFILE: "end other programs, or use fewer jobs and workers",
    errno.ENOMEM: "use fewer jobs and workers, or smaller batches",
    errno.EIO: "the disk or the network file system fails: see dmesg, use another",
    errno.ESTALE: "the network file system lost it: mount it anew",
    errno.ETIMEDOUT: "the network file system does not answer: mount it anew",
}
"""What to do about faults of the machine, not of the program."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FEW_BYTES = 1 << 20
_ORIGIN = re.compile(r"^espnet_av\.errors\.\w+: (.*)", re.MULTILINE | re.DOTALL)


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


def check_page(output: Path | None) -> None:
    """Check the name that a page, and its pictures, are to get.

    Raises:
        ConfigError: it is not that of a markdown file.
    """
    if output is not None and output.suffix != ".md":
        msg = f"--output {output}: the name of a markdown file ends in .md"
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


def explain(error: Exception) -> str | None:
    """One line on what is wrong and what to do; None: it is no user's fault, and no machine's."""
    if isinstance(error, AVError):
        # Of a worker of a data loader: its traceback is about code, its end is for the user.
        origin = _ORIGIN.search(str(error)) if str(error).startswith("Caught ") else None
        return origin[1].strip() if origin else str(error)
    number, text = _fault(error)
    if number not in _CURABLE:
        return None
    return f"{text}; {_CURABLE[number]}, and run again"


def cure_of(error: Exception) -> str:
    """What to do about a write that failed; torch tells of some without saying why."""
    return _CURABLE.get(getattr(error, "errno", None) or 0, _CURABLE[errno.ENOSPC])


def _fault(error: Exception) -> tuple[int | None, str]:
    """Number of a fault of the machine, and what it says: torch and its workers tell it in text."""
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        full = _full_folders() if error.errno in _FULL and error.filename is None else []
        if full:
            text += f": {', '.join(full)}"
        return error.errno, text
    for number in (errno.EMFILE, errno.ENOSPC, errno.ENFILE, errno.EIO, errno.ENOMEM):
        lines = [line for line in text.splitlines() if os.strerror(number) in line]
        if lines:
            return number, lines[-1].strip()
    return None, text


def _full_folders() -> list[str]:
    """Those places that programs write to unasked, and the working folder, that are full."""
    places = dict.fromkeys((str(Path.cwd()), tempfile.gettempdir(), "/dev/shm"))  # noqa: S108
    return [p for p in places if Path(p).is_dir() and shutil.disk_usage(p).free < _FEW_BYTES]


@contextmanager
def user_errors(verb: str, level: int = logging.INFO) -> Iterator[None]:
    """Log to standard error, and end with one line, status 1, on what a user can cure."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s: %(message)s")
    try:
        yield
    except (AVError, OSError, RuntimeError) as error:
        line = explain(error)
        if line is None:
            raise
        kind = f"{type(error).__name__}: " if isinstance(error, AVError) else ""
        sys.exit(f"{verb}: {kind}{line}")
