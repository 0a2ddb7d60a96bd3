"""Where each image of a detector's TSV begins: one pass over the file, kept for every later run."""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from espnet_av.atomic import atomic_write
from espnet_av.errors import DataDirError
from espnet_av.fingerprint import fingerprint
from espnet_av.images.source import image_name
from espnet_av.images.tsv_row import COLUMNS, MAX_LINE, width_of
from espnet_av.progress import ProgressBar

logger = logging.getLogger(__name__)


@dataclass
class TsvIndex:
    """Places of the images of one file."""

    size: int
    """Bytes of the file, and when it was changed: another one is read anew."""
    changed_ns: int
    sha256: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    """Image -> byte at which its line begins."""


def index_tsv(path: Path, cache: Path, expected_sha256: str = "") -> TsvIndex:
    """Find the lines of a TSV, in memory that does not grow with it.

    Args:
        path: the file.
        cache: where the index is kept.
        expected_sha256: of a whole copy, if known.

    Raises:
        DataDirError: it is no such TSV, ends in the middle of an image, or is another copy.
    """
    try:
        status = path.stat()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); check the path of the features"
        raise DataDirError(msg) from error
    with _alone(cache):
        index = _read_cache(cache, status.st_size, status.st_mtime_ns)
        if index is None:
            index = TsvIndex(status.st_size, status.st_mtime_ns)
            _scan(path, index)
            with atomic_write(cache) as stream:
                json.dump(asdict(index), stream)
    if expected_sha256 and index.sha256 != expected_sha256.lower():
        msg = f"{path}: its SHA-256 is {index.sha256}, not {expected_sha256}; fetch it again"
        raise DataDirError(msg)
    return index


def _scan(path: Path, index: TsvIndex) -> None:
    index.sha256 = fingerprint(_indexed_lines(path, index))
    if not index.rows:
        msg = f"{path}: no image in it; fetch it again"
        raise DataDirError(msg)


def _indexed_lines(path: Path, index: TsvIndex) -> Iterator[bytes]:
    """The lines of the file, whose images go into the index."""
    bar, first_width = ProgressBar(index.size, f"index {path.name}", "B"), 0
    with path.open("rb") as stream:
        for number, offset, line in _lines(path, stream):
            yield line
            bar.update(len(line))
            row = line.rstrip(b"\r\n").split(b"\t")
            if row == [b""] or (number == 1 and row[0] in (b"img_id", b"image_id")):
                continue
            first_width = first_width or width_of(row)
            # A whole line that is wrong costs its image alone. Of one that is cut short by luck at
            # the end of a number, fewer are left for each region.
            is_cut = not line.endswith(b"\n") and (width_of(row) or -1) != first_width
            _check(f"{path}:{number}", row, is_cut)
            name = image_name(row[0].decode("utf-8", "replace"))
            if index.rows.setdefault(name, offset) != offset:
                logger.warning("%s:%d: %s again; its first line counts", path, number, name)
    bar.close()


def _lines(path: Path, stream: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Number, first byte and content of each line."""
    offset, number = 0, 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            msg = (
                f"{path}:{number}: a line of more than {MAX_LINE >> 20} MB; this is no TSV of "
                "features: unpack it if it is an archive"
            )
            raise DataDirError(msg)
        yield number, offset, line
        offset += len(line)


def _check(where: str, row: list[bytes], is_cut: bool) -> None:
    """Stop at what is no such file, or one that was cut short."""
    name = row[0][:60].decode("utf-8", "replace")
    if len(row) not in COLUMNS and not is_cut:
        counts = " or ".join(map(str, COLUMNS))
        msg = (
            f"{where}: {name!a}: {len(row)} columns parted by tabs, expected {counts}: "
            f"{' '.join(COLUMNS[max(COLUMNS)])}; is this the TSV of a detector, unpacked?"
        )
        raise DataDirError(msg)
    if is_cut:
        msg = (
            f"{where}: {name!a}: the file ends in the middle of this image: it was cut short; go "
            "on fetching it (wget -c, curl -C -) or unpack it again"
        )
        raise DataDirError(msg)


def _read_cache(cache: Path, size: int, changed_ns: int) -> TsvIndex | None:
    try:
        index = TsvIndex(**json.loads(cache.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return index if (index.size, index.changed_ns) == (size, changed_ns) else None


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """One job reads the file, the others wait for its index."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.with_suffix(".lock").open("a") as stream:
        # A file system without locks: each job reads it.
        with suppress(OSError):
            fcntl.lockf(stream, fcntl.LOCK_EX)
        yield
