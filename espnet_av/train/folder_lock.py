"""One training at a time in a folder."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from espnet_av.errors import ConfigError

logger = logging.getLogger(__name__)

LOCK = ".lock"


@contextmanager
def only_process(exp_dir: Path) -> Iterator[None]:
    """Hold the folder; it is free again when the block or the process ends, however it ends.

    Raises:
        ConfigError: another process holds it, which is named.
    """
    exp_dir.mkdir(parents=True, exist_ok=True)
    with (exp_dir / LOCK).open("a+", encoding="utf-8") as stream:
        try:
            # Not flock: data workers would inherit it and hold it for some seconds after a kill.
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                logger.warning("%s: this file system has no locks (%s)", exp_dir, error.strerror)
            else:
                stream.seek(0)
                msg = (
                    f"{exp_dir}: another process trains in this folder ({stream.read().strip()}), "
                    "perhaps left by a run whose terminal was closed; wait for it or stop it, then "
                    "run again"
                )
                raise ConfigError(msg) from error
        else:
            stream.truncate(0)
            stream.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            stream.flush()
        yield
