"""The checksums in a zip of `torch.save`, which torch writes and never looks at."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from espnet_av.errors import CheckpointError

ZIP_START = b"PK\x03\x04"
PICKLE_START = b"\x80"
"""Of torch's older form, which has no checksums."""
COPY_AGAIN = "copy it again"
_FAULTS = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    OverflowError,
)
"""What `zipfile` and torch raise for a damaged or crafted file."""
_CHUNK_BYTES = 1 << 20


@contextmanager
def damage_of(where: str, cure: str = COPY_AGAIN) -> Iterator[None]:
    """Say of the file `where` what its content led to, and the cure.

    Raises:
        CheckpointError: the content is damaged.
    """
    try:
        yield
    except CheckpointError:
        raise
    except _FAULTS as error:
        reason = (str(error) or repr(error)).splitlines()[0]
        msg = f"{where}: cannot be read ({reason}); the file is damaged or cut short, {cure}"
        raise CheckpointError(msg) from error


def verify_checksums(path: str | Path, cure: str = COPY_AGAIN) -> bool:
    """Read a file of `torch.save` once, front to back, and compare what its checksums say.

    Args:
        path: the file.
        cure: end of the error, what to do about a damaged file.

    Returns:
        Whether it has any: torch's older form has none, nor has a zip that was written with
        `torch.serialization.set_crc32_options(False)`. A changed byte in those goes unseen.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: a byte is not as it was written, the file is cut short, or of another kind.
    """
    with Path(path).open("rb") as stream, damage_of(str(path), cure):
        start = stream.read(len(ZIP_START))
        if start.startswith(PICKLE_START):
            return False
        if start != ZIP_START:
            msg = "it does not begin as torch begins its files"
            raise zipfile.BadZipFile(msg)
        archive = open_stored(stream)
        if not has_checksums(archive):
            return False
        for info in archive.infolist():
            with archive.open(info) as member:
                while member.read(_CHUNK_BYTES):
                    pass
    return True


def open_stored(stream: IO[bytes]) -> zipfile.ZipFile:
    """A zip whose members stand in it as they are, each once: in memory it is not larger.

    Raises:
        zipfile.BadZipFile: it is none of torch's.
    """
    archive = zipfile.ZipFile(stream)
    infos = archive.infolist()
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            msg = f"{info.filename} is compressed, and torch writes no such file"
            raise zipfile.BadZipFile(msg)
    if len({info.filename for info in infos}) < len(infos):
        msg = "two members have one name"
        raise zipfile.BadZipFile(msg)
    if sum(info.file_size for info in infos) > stream.seek(0, 2):
        msg = "it is larger inside than outside, and torch writes no such file"
        raise zipfile.BadZipFile(msg)
    return archive


def has_checksums(archive: zipfile.ZipFile) -> bool:
    """Whether torch computed them; it writes zeros where it was told not to."""
    return any(info.CRC for info in archive.infolist())


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A whole member, compared with its checksum if the archive has them.

    Raises:
        zipfile.BadZipFile, EOFError, OSError: it is damaged.
    """
    with archive.open(info) as member:
        if not has_checksums(archive):
            member._expected_crc = None  # type: ignore[attr-defined]
        return member.read()
