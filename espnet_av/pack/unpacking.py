"""The careful reading of a packed model: nothing of it is believed before it was checked."""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from espnet_av.errors import CheckpointError
from espnet_av.yaml_file import parse_yaml_keys

FORMAT_VERSION = 1
META = "meta.yaml"
WEIGHTS = "weights.safetensors"
CONFIG, ROI, DECODE = "config.yaml", "roi.yaml", "decode.yaml"
MAX_META_BYTES = 1_000_000
MAX_BYTES = 64 * 2**30
"""Largest packed model that is unpacked."""
_CHUNK = 1 << 20
_ENCRYPTED = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DAMAGE = (
    zipfile.BadZipFile,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)
"""What `zipfile` raises for a damaged or crafted file."""


@dataclass(frozen=True)
class _Member:
    """What `meta.yaml` says of a file."""

    num_bytes: int
    sha256: str


def unpack_model(path: Path, out_dir: Path) -> dict[str, Any]:
    """Check every member of a packed model while it is written below `out_dir`.

    Returns:
        the content of `meta.yaml`.

    Raises:
        CheckpointError: no such file, no packed model, a member that is compressed, with an
            absolute path or `..`, no plain file, too large, not listed, or with another checksum.
    """
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            # Other programs list folders too, which hold nothing.
            infos = [i for i in archive.infolist() if not (i.is_dir() and i.file_size == 0)]
            _check_names(path, infos)
            _check_sizes(path, infos)
            by_name = {info.filename: info for info in infos}
            meta, members = _read_meta(path, archive, by_name)
            for name, member in members.items():
                with archive.open(by_name[name]) as content:
                    _unpack(path, content, name, member, out_dir / name)
    except FileNotFoundError as error:
        msg = f"{path}: no such model; give a zip made by 'espnet-av pack' or an experiment folder"
        raise CheckpointError(msg) from error
    except CheckpointError:
        raise
    except _DAMAGE as error:
        msg = f"{path}: cannot be read ({error}); the file is damaged, copy it again"
        raise CheckpointError(msg) from error
    return meta


def _check_names(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    for info in infos:
        place = PurePosixPath(info.filename)
        kind = stat.S_IFMT(info.external_attr >> 16)
        unsafe = place.is_absolute() or ".." in place.parts or "\\" in info.filename
        # `a//b` and `./a` are other names of a file that may be there under its own.
        unsafe |= str(place) != info.filename or not info.filename.isprintable()
        if unsafe or ":" in info.filename or info.is_dir() or kind not in (0, stat.S_IFREG):
            msg = (
                f"{path}: the member '{info.filename}' would be written outside of its folder or "
                "is no plain file; do not use this zip"
            )
            raise CheckpointError(msg)
    # As on disks where capitals are the same letters.
    names = [info.filename.casefold() for info in infos]
    if len(set(names)) != len(names):
        msg = f"{path}: a member is there twice; do not use this zip"
        raise CheckpointError(msg)
    folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    for name in sorted(folders & set(names)):
        msg = f"{path}: the member '{name}' is a file and a folder; do not use this zip"
        raise CheckpointError(msg)


def _check_sizes(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """Stored members that lie in the file one after the other cannot be larger than it."""
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & _ENCRYPTED:
            msg = (
                f"{path}: the member '{info.filename}' is compressed or encrypted; 'espnet-av pack'"
                " writes no such zip: take the original, or unpack what you trust and give the "
                "folder instead"
            )
            raise CheckpointError(msg)
    num_bytes = sum(info.file_size for info in infos)
    if num_bytes > MAX_BYTES:
        msg = f"{path}: {num_bytes} bytes unpacked, more than the limit of {MAX_BYTES}"
        raise CheckpointError(msg)
    if num_bytes > path.stat().st_size:
        msg = f"{path}: is larger inside than outside; do not use this zip"
        raise CheckpointError(msg)


def _read_meta(
    path: Path, archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo]
) -> tuple[dict[str, Any], dict[str, _Member]]:
    foreign = f"{path}: no model packed by 'espnet-av pack'"
    if META not in infos or infos[META].file_size > MAX_META_BYTES:
        raise CheckpointError(foreign + f" ({META} is missing or too large)")
    content = archive.read(META)
    meta = parse_yaml_keys(content, f"{path}: {META}", CheckpointError, "get the model again")
    version = meta.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        msg = f"{path}: packed in format {str(version)[:40]}, this version reads {FORMAT_VERSION}; "
        raise CheckpointError(msg + "update, or get the model again if no version says so")
    members = _members(path, meta)
    unlisted = sorted(set(infos) ^ {*members, META})
    if unlisted:
        msg = f"{path}: {', '.join(unlisted)} is not both in the zip and in {META}; copy it again"
        raise CheckpointError(msg)
    for name in (WEIGHTS, CONFIG, ROI):
        if name not in members:
            msg = f"{path}: has no {name}, which every packed model has; get it again"
            raise CheckpointError(msg)
    for name, member in members.items():
        if member.num_bytes != infos[name].file_size:
            raise _changed(path, name)
    return meta, members


def _members(path: Path, meta: dict[str, Any]) -> dict[str, _Member]:
    """The list of files in `meta.yaml`."""
    listed = meta.get("members")
    if not isinstance(listed, dict):
        msg = f"{path}: {META} cannot be understood: members is no list of files; get it again"
        raise CheckpointError(msg)
    members: dict[str, _Member] = {}
    for name, entry in listed.items():
        entry = entry if isinstance(entry, dict) else {}
        num_bytes, sha256 = entry.get("bytes"), entry.get("sha256")
        is_sum = isinstance(sha256, str) and _SHA256.fullmatch(sha256)
        if not isinstance(name, str) or type(num_bytes) is not int or num_bytes < 0 or not is_sum:
            msg = (
                f"{path}: {META} cannot be understood: the entry {str(name)[:80]!r} of members "
                "needs bytes (0 or more) and sha256 (64 digits); get it again"
            )
            raise CheckpointError(msg)
        members[name] = _Member(num_bytes, str(sha256))
    return members


def _unpack(path: Path, content: IO[bytes], name: str, member: _Member, target: Path) -> None:
    """Copies a member piece by piece; what is not as announced does not stay."""
    found, num_bytes = hashlib.sha256(), 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as stream:
            while num_bytes <= member.num_bytes and (chunk := content.read(_CHUNK)):
                num_bytes += len(chunk)
                found.update(chunk)
                _write(stream, chunk, path, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if num_bytes != member.num_bytes or found.hexdigest() != member.sha256:
        target.unlink()
        raise _changed(path, name)


def _write(stream: IO[bytes], chunk: bytes, path: Path, target: Path) -> None:
    try:
        stream.write(chunk)
    except OSError as error:
        msg = (
            f"{path}: cannot be unpacked to {target.parent} ({error}); make room there, or name a "
            "folder on another disk in TMPDIR"
        )
        raise CheckpointError(msg) from error


def _changed(path: Path, name: str) -> CheckpointError:
    msg = f"{path}: the member '{name}' has another size or checksum than {META} says; the file "
    return CheckpointError(msg + "is damaged or was changed, get it again")
