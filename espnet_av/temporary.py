"""Temporary names beside a file or folder, and what becomes of those that a killed process left."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from espnet_av.fingerprint import SHORT, fingerprint

TEMPORARY = "tmp"
"""Ending of what is being written."""
REPLACED = "old"
"""Ending of a folder that is being replaced, where the two cannot be exchanged in one move."""
_OWNED = re.compile(
    r"\.(?P<stem>.+)\.(?P<host>\w+)-(?P<pid>\d+)-(?P<started>\d+)-[0-9a-f]{8}\.(?P<kind>tmp|old)"
)
_FOLDER = re.compile(r"espnet_av_(?P<host>\w+)-(?P<pid>\d+)-(?P<started>\d+)-\w+")
_UNOWNED = re.compile(r"\..+\.(?P<pid>\d+)\.tmp")
"""What versions before this one wrote: their names do not tell the machine, most likely this."""
_MAX_STEM_BYTES = 160
"""File systems take names of 255 bytes; the rest is for the owner."""
_FOREIGN_SEC = 24 * 3600.0
"""After so long without a change what another machine was writing counts as left."""
_swept: set[tuple[int, Path]] = set()


def temporary_beside(path: Path, kind: str = TEMPORARY) -> Path:
    """A hidden name in the same folder that no other process, here or on another machine, takes."""
    return path.with_name(f".{_stem(path.name)}.{_owner()}-{secrets.token_hex(4)}.{kind}")


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder in TMPDIR for a while; those that killed processes left there are removed."""
    with suppress(OSError):
        for path in Path(tempfile.gettempdir()).glob("espnet_av_*"):
            owned = _FOLDER.fullmatch(path.name)
            if owned and not _is_alive(path, owned):
                remove(path)
    return tempfile.TemporaryDirectory(prefix=f"espnet_av_{_owner()}-")


def sweep_once(folder: Path) -> None:
    """`sweep`, the first time that this process writes into the folder."""
    key = (os.getpid(), folder.absolute())
    if key not in _swept:
        _swept.add(key)
        sweep(folder)


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written in a folder; put back what they moved away.

    What a living process writes stays: one of this machine by its number and start, one of another
    by the time of its last change. A folder that cannot be read or changed is left as it is.
    """
    with suppress(OSError):
        for path in [Path(entry.path) for entry in os.scandir(folder) if entry.name[0] == "."]:
            owned, unowned = _OWNED.fullmatch(path.name), _UNOWNED.fullmatch(path.name)
            if owned and not _is_alive(path, owned):
                _settle(path, folder / owned["stem"] if owned["kind"] == REPLACED else None)
            elif unowned and (not _started(int(unowned["pid"])) or _is_old(path)):
                remove(path)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there and can be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _settle(path: Path, target: Path | None) -> None:
    if target is not None and not target.exists():
        with suppress(OSError):
            path.rename(target)
    else:
        remove(path)


def _owner() -> str:
    return f"{_host()}-{os.getpid()}-{_started(os.getpid())}"


def _is_alive(path: Path, owner: re.Match[str]) -> bool:
    if owner["host"] != _host():
        return not _is_old(path)
    # Of processes of others some systems tell only that they are there.
    started = _started(int(owner["pid"]))
    return bool(started) and ("0" in (started, owner["started"]) or started == owner["started"])


def _is_old(path: Path) -> bool:
    """Whether nothing, in a folder too, was changed for long."""
    times = [0.0]
    for item in [path, *(path.rglob("*") if path.is_dir() else [])]:
        with suppress(OSError):
            times.append(item.lstat().st_mtime)
    return time.time() - max(times) > _FOREIGN_SEC


def _stem(name: str) -> str:
    """The name, or of a long one the beginning and what tells it from others."""
    encoded = name.encode()
    if len(encoded) <= _MAX_STEM_BYTES:
        return name
    begin = encoded[: _MAX_STEM_BYTES - 20].decode(errors="ignore")
    return f"{begin}~{fingerprint([encoded], SHORT)}"


@cache
def _host() -> str:
    """Tells machines apart, and containers that cannot see each other's processes."""
    name, known = socket.gethostname(), [socket.gethostname()]
    with suppress(OSError):
        known.append(Path("/etc/machine-id").read_text(encoding="ascii", errors="replace"))
    with suppress(OSError):
        known.append(str(Path("/proc/self/ns/pid").readlink()))
    digest = fingerprint(["\n".join(known)], 8)
    return re.sub(r"[^A-Za-z0-9]", "_", name)[:24] + digest


def _started(pid: int) -> str:
    """When a process began, in ticks since the machine did; 0: not told here; empty: not alive.

    A number is given again after some time, and at once in a container that is started anew.
    """
    try:
        # The name of the program stands in parentheses, and may hold some.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "0"
