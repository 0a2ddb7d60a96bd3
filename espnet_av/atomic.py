"""Writing files and folders so that a half-written one is never left to be trusted."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from espnet_av.temporary import REPLACED, remove, sweep_once, temporary_beside

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; the file there becomes `path` when the block succeeds.

    On any failure (a full disk, a signal) the temporary file is removed and `path` keeps its
    previous content. Parent folders are created; what killed processes left there is removed.

    Raises:
        OSError: the file system refuses; the file is named.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_once(path.parent)
    temporary = temporary_beside(path)
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        # Writing into an open file that grows too large does not tell which.
        if error.filename is None and error.errno in _FULL:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_write(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` and rename it to `path` when the block succeeds.

    Text is UTF-8 with Unix line ends. For failures see `atomic_path`.
    """
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    with (
        atomic_path(Path(path)) as temporary,
        temporary.open(mode, **text) as stream,  # type: ignore[call-overload]
    ):
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def atomic_dir(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that replaces `path` when the block succeeds.

    Both are exchanged in one move; on file systems that cannot, a process killed between two moves
    leaves the old folder under another name, and the next one that writes there puts it back.

    Raises:
        OSError: `path` is no folder, or the file system refuses.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_once(path.parent)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    temporary = temporary_beside(path)
    temporary.mkdir()
    try:
        yield temporary
        for file in temporary.rglob("*"):
            _sync(file)
        _replace_dir(temporary, path)
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            error.filename = str(path)
        raise
    finally:
        remove(temporary)


def _replace_dir(new: Path, path: Path) -> None:
    """Move a folder to `path`; what was there is removed, or stands in its place."""
    if not os.path.lexists(path):
        new.rename(path)
    elif not _exchange(new, path):
        old = temporary_beside(path, REPLACED)
        path.rename(old)
        try:
            new.rename(path)
        except OSError:
            old.rename(path)
            raise
        remove(old)


def _exchange(left: Path, right: Path) -> bool:
    """Let two paths change places in one move; False: it cannot be done here."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):  # not Linux
        return False
    names = os.fsencode(left), os.fsencode(right)
    return bool(renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


def _sync(file: Path) -> None:
    """Bring a file to the disk, so that a power cut does not leave a folder of empty ones."""
    if not file.is_file():
        return
    descriptor = os.open(file, os.O_RDONLY)
    try:
        with suppress(OSError):  # file systems that cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
