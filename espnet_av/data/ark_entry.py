"""One entry of an archive: found by its pointer, checked against its id and the file's size."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Literal

from espnet_av.errors import ArkError, raise_machine_fault

ClipEncoding = Literal["jpeg", "raw"]
"""How a mouth clip is stored; `data/ark.py` tells what each costs."""
INT_VECTOR = b"\0B\4"
TAGS = (b"AUDIO", b"CLIP", b"NPY", b"BLOB", b"FILM", INT_VECTOR)
_LONGEST_TAG = 5
_MAX_WIDTH = 8
"""Bytes of a size."""
_MAX_ID = 4096
_OTHERS = {
    b"\0BF": "floats of Kaldi",
    b"\0BD": "doubles of Kaldi",
    b"\0BC": "a compressed matrix of Kaldi",
    b"RIFF": "a wav file",
    b"fLaC": "a FLAC file without its size",
    b"\x93NUMPY": "an array of numpy without its size",
}


def read_entry(pointer: str, utt_id: str | None) -> tuple[bytes, bytes]:
    """Tag and payload behind a pointer; for an integer vector the payload is the whole entry.

    Args:
        pointer: `<file.ark>:<byte offset>`.
        utt_id: whose entry it must be, if copies of a data dir have not renamed it; None = any.

    Raises:
        ArkError: there is no such entry, it is cut short, or it is that of another utterance.
    """
    with find_entry(pointer, utt_id) as (stream, tag, size):
        payload = stream.read(size)
    if len(payload) != size:
        msg = f"{pointer}: the archive ends in the middle of this entry; {again(pointer)}"
        raise ArkError(msg)
    return tag, payload


@contextmanager
def find_entry(pointer: str, utt_id: str | None) -> Iterator[tuple[IO[bytes], bytes, int]]:
    """The archive at the payload behind a pointer, its tag and its bytes; as `read_entry`."""
    name, separator, digits = pointer.rpartition(":")
    if not separator or not digits.isdecimal():
        msg = f"'{pointer}' is no archive pointer; expected <file.ark>:<byte offset>"
        raise ArkError(msg)
    try:
        with Path(name).open("rb") as stream:
            yield stream, *_entry_at(stream, int(digits), pointer, utt_id)
    except FileNotFoundError as error:
        msg = f"{pointer}: no such archive; it was moved or deleted: {again(pointer)}"
        raise ArkError(msg) from error
    except (OSError, OverflowError) as error:
        raise_machine_fault(error, name)
        msg = f"{pointer}: cannot be read ({error}); check the disk, or {again(pointer)}"
        raise ArkError(msg) from error


def array_bytes(source: str) -> int:
    """Bytes of a file, or of an entry of an archive; 0 if it is not there."""
    name, separator, digits = source.rpartition(":")
    try:
        if not separator or not digits.isdecimal():
            return Path(source).stat().st_size
        with Path(name).open("rb") as stream:
            stream.seek(int(digits))
            return _parse_head(stream.read(_LONGEST_TAG + 1 + _MAX_WIDTH), source)[2]
    except (OSError, ArkError):
        return 0


def again(pointer: str) -> str:
    """Cure of a damaged archive: one that is gone is made by its stage, as it was."""
    folders = Path(pointer).parents[:2]  # that of units is one level up
    done = next((folder for folder in folders if (folder / ".done").exists()), folders[0]) / ".done"
    return f"delete it and {done}, and run its stage again (2: mouth clips, 3: dump, 5: units)"


def _entry_at(
    stream: IO[bytes], offset: int, pointer: str, utt_id: str | None
) -> tuple[bytes, int]:
    """Tag and bytes of an entry; the stream stands at its payload then."""
    end = os.fstat(stream.fileno()).st_size
    if offset >= end:
        msg = (
            f"{pointer}: the archive has {end} bytes only; it was cut short, or changed after its "
            f"scp was written: {again(pointer)}"
        )
        raise ArkError(msg)
    # Id and head in one read.
    before = b"" if utt_id is None else utt_id.encode() + b" "
    start = max(offset - len(before), 0)
    stream.seek(start)
    head = stream.read(offset - start + _LONGEST_TAG + 1 + _MAX_WIDTH)
    tag, begin, size = _parse_head(head[offset - start :], pointer)
    if utt_id is not None and head[: offset - start] != before:
        _check_owner(pointer, offset, utt_id)
    if offset + begin + size > end:
        msg = f"{pointer}: the archive ends in the middle of this entry; {again(pointer)}"
        raise ArkError(msg)
    if tag == INT_VECTOR:
        begin, size = 0, begin + size
    stream.seek(offset + begin)
    return tag, size


def _parse_head(head: bytes, pointer: str) -> tuple[bytes, int, int]:
    """Tag, where the payload begins behind the start of the entry, and its bytes."""
    tag = next((tag for tag in TAGS if head.startswith(tag)), None)
    if tag is None:
        found = next((what for start, what in _OTHERS.items() if head.startswith(start)), None)
        msg = f"{pointer}: no entry starts there; the archive changed after its scp was written"
        if found is not None:
            msg = f"{pointer}: {found} starts there, not an entry of ours; give it as a file"
        raise ArkError(msg)
    begin = len(tag)
    if tag == INT_VECTOR:
        length = head[begin : begin + 4]
        count = struct.unpack("<i", length)[0] if len(length) == 4 else -1
        width, size = 4, 5 * count
    else:
        width = head[begin] if len(head) > begin else _MAX_WIDTH + 1
        begin += 1
        count = size = int.from_bytes(head[begin : begin + width], "little")
    if count < 0 or width > _MAX_WIDTH or len(head) < begin + width:
        msg = f"{pointer}: the head of this entry is damaged or cut short; {again(pointer)}"
        raise ArkError(msg)
    return tag, begin + width, size


def _check_owner(pointer: str, offset: int, utt_id: str) -> None:
    """Stop if the entry is of another utterance.

    Names are as in the archive, or longer: copies of a data dir add to them before and behind.

    Raises:
        ArkError: it is.
    """
    path = Path(pointer.rpartition(":")[0])
    status = path.stat()
    owner = _owners(path.absolute(), status.st_mtime_ns, status.st_size).get(offset)
    if owner is None:
        msg = f"{pointer}: {utt_id}: neither its id nor another stands before it; wrong scp file?"
        raise ArkError(msg)
    # utt1 and utt10 are two utterances, utt1 and sp-utt1 one and its copy.
    left = r"(?<!\d)" if owner[:1].isdigit() else ""
    right = r"(?!\d)" if owner[-1:].isdigit() else ""
    if not re.search(f"{left}{re.escape(owner)}{right}", utt_id):
        msg = (
            f"{pointer}: is the entry of {owner}, not of {utt_id}; the scp file was mixed up or is "
            "of another archive, run the stage that made it again"
        )
        raise ArkError(msg)


@lru_cache(maxsize=8)
def _owners(path: Path, changed: int, size: int) -> dict[int, str]:
    """Offset -> id of every entry, as far as entries of ours follow each other from the start."""
    found: dict[int, str] = {}
    with path.open("rb") as stream:
        position = 0
        while position < size:
            stream.seek(position)
            head = stream.read(_MAX_ID)
            name, space, rest = head.partition(b" ")
            if not space or not name:
                break
            offset = position + len(name) + 1
            try:
                _, begin, num_bytes = _parse_head(rest[: _LONGEST_TAG + 1 + _MAX_WIDTH], str(path))
            except ArkError:
                break
            found[offset] = name.decode("utf-8", errors="replace")
            position = offset + begin + num_bytes
    return found
