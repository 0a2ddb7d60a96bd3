"""What may be absent, and packages that get in each other's way or cannot be loaded."""

from __future__ import annotations

import base64
import hashlib
import importlib
import platform
import shutil
from importlib import metadata
from pathlib import Path

from espnet_av.environment.finding import Finding

PACKAGES = {
    "mediapipe": (
        "finer face tracking, up to Python 3.12",
        "pip install --no-deps -r tools/mediapipe.txt",
    ),
    "whisper-normalizer": (
        "text normalisation of published English results",
        "pip install 'espnet_av[normalizer]'",
    ),
    "transformers": ("parity tests against Hugging Face", "pip install 'espnet_av[test]'"),
}
PROGRAMS = {
    "ffmpeg": ("not needed; PyAV brings its own codecs", "your system's package manager"),
    "sbatch": ("cluster jobs (cmd_backend=slurm)", "on your cluster's login node"),
}
_S3PRL = ("s3prl", "espnet-s3prl")
"""Two packages that write one folder, `s3prl`: the one installed last stands there."""


def check_package(name: str) -> Finding:
    """Is an optional package there?"""
    purpose, cure = PACKAGES[name]
    try:
        return Finding(name, "optional", "ok", metadata.version(name), purpose)
    except metadata.PackageNotFoundError:
        return Finding(name, "optional", "missing", "", f"{purpose}: {cure}")


def check_program(name: str) -> Finding:
    """Is an optional program on the PATH?"""
    purpose, cure = PROGRAMS[name]
    path = shutil.which(name)
    if path:
        return Finding(name, "optional", "ok", "", f"{purpose} ({path})")
    return Finding(name, "optional", "missing", "", f"{purpose}: {cure}")


def check_k2() -> Finding:
    """Can k2, where it is, be loaded? The wheel that pip finds can be by one Python alone."""
    purpose = "transducer_loss: k2; 'pruned' is the same loss without"
    where = "https://k2-fsa.github.io/k2 has wheels for each torch, CUDA and Python"
    try:
        version = metadata.version("k2")
    except metadata.PackageNotFoundError:
        note = (
            f"{purpose}: {where}; PyPI's is for torch 1.13 and Python 3.9 alone, whatever pip says"
        )
        return Finding("k2", "optional", "missing", "", note)
    try:
        importlib.import_module("k2")
    except (ImportError, OSError) as error:
        first = str(error).splitlines()[0]
        note = (
            f"cannot be loaded by Python {platform.python_version()} ({first:.80}): PyPI's wheel "
        )
        note += f"is for torch 1.13 and Python 3.9 alone, whatever pip says. {where}; or pip "
        return Finding("k2", "optional", "broken", version, note + "uninstall k2: nothing needs it")
    return Finding("k2", "optional", "ok", version, purpose)


def check_s3prl() -> Finding:
    """Which of the two packages that write the folder `s3prl` stands there?"""
    found = {}
    for name in _S3PRL:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    if not found:
        note = "ESPnet's front end of that name, which nothing here uses: pip install espnet-s3prl"
        return Finding("s3prl", "optional", "missing", "", note)
    told = ", ".join(f"{name} {version}" for name, version in found.items())
    whole = [name for name in found if _is_whole(name)]
    if len(found) == 1 and whole:
        return Finding("s3prl", "optional", "ok", found[whole[0]], f"of the package {whole[0]}")
    note = f"{told}: they write one folder; " if len(found) > 1 else f"{told}: "
    note += f"what stands there is {whole[0]}'s" if whole else "what stands there is not as it came"
    note += f". pip uninstall {' '.join(found)}, then install the one you want"
    return Finding("s3prl", "optional", "differs", "", note)


def _is_whole(name: str) -> bool:
    """Whether the files of the folder `s3prl` are those that a package brought."""
    files = [file for file in metadata.files(name) or () if file.parts[0] == "s3prl"]
    for file in files:
        if file.hash is None or file.suffix == ".pyc":
            continue
        try:
            content = Path(file.locate()).read_bytes()
        except OSError:
            return False
        digest = hashlib.new(file.hash.mode, content).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            return False
    return bool(files)
