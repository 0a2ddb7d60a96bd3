"""Models as ESPnet packs them: one zip with configuration, weights and what these need."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from espnet_av.errors import CheckpointError
from espnet_av.yaml_file import parse_yaml_keys

META = "meta.yaml"
TOKENS = "tokens"
"""Where the sentencepiece model goes."""
_CONFIG, _WEIGHTS = "asr_train_config", "asr_model_file"
_MAX_CONFIG_BYTES = 20_000_000
_MAX_GROWTH, _SPARE_BYTES = 4, 10_000_000
"""A zip that somebody compressed anew may be so much larger inside, and no more."""


def is_packed(path: Path) -> bool:
    """Whether a file is a zip with a `meta.yaml`; the weights of torch are zips too.

    Raises:
        CheckpointError: its name says that it is such a zip, and it is none.
    """
    is_named_so, names = path.suffix.lower() == ".zip", []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    elif is_named_so:
        msg = f"{path}: no zip, or one that was cut short; copy it again"
        raise CheckpointError(msg)
    if is_named_so and META not in names:
        msg = (
            f"{path}: has no {META}, which ESPnet packs at its top; unpack it and give the "
            "experiment in it, such as exp/asr_train"
        )
        raise CheckpointError(msg)
    return META in names


def unpack(path: Path, folder: Path) -> Path:
    """Copy configuration, weights and sentencepiece model of a packed model into a folder.

    Args:
        path: the zip.
        folder: to write to.

    Returns:
        Path of the weights; `config.yaml` is beside them.

    Raises:
        CheckpointError: it is no recogniser of ESPnet, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_growth(path, archive)
            meta = _read_yaml(path, archive, META)
            config = _named(path, meta, "yaml_files", _CONFIG)
            weights = _named(path, meta, "files", _WEIGHTS)
            noted = _read_yaml(path, archive, config).get("bpemodel")
            _copy(archive, config, folder / "config.yaml")
            _copy(archive, weights, folder / "weights.pth")
            if isinstance(noted, str) and noted in archive.namelist():
                (folder / TOKENS).mkdir()
                _copy(archive, noted, folder / TOKENS / PurePosixPath(noted).name)
    except KeyError as error:
        msg = f"{path}: {META} names a file that is not in it ({error}); get it again"
        raise CheckpointError(msg) from error
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        msg = f"{path}: cannot be read ({error}); the file is damaged, copy it again"
        raise CheckpointError(msg) from error
    return folder / "weights.pth"


def _check_growth(path: Path, archive: zipfile.ZipFile) -> None:
    inside, outside = sum(info.file_size for info in archive.infolist()), path.stat().st_size
    if inside > _MAX_GROWTH * outside + _SPARE_BYTES:
        msg = f"{path}: {inside} bytes in a zip of {outside}; no packed model is like that"
        raise CheckpointError(msg)


def _read_yaml(path: Path, archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    with archive.open(name) as stream:
        content = stream.read(_MAX_CONFIG_BYTES + 1)
    if len(content) > _MAX_CONFIG_BYTES:
        msg = f"{path}: {name} is longer than {_MAX_CONFIG_BYTES} bytes; get the model again"
        raise CheckpointError(msg)
    return parse_yaml_keys(content, f"{path}: {name}", CheckpointError, "get the model again")


def _named(path: Path, meta: dict[str, Any], section: str, key: str) -> str:
    """The member that `meta.yaml` calls so."""
    if "format_version" in meta:
        msg = f"{path}: was packed by 'espnet-av pack' and needs no conversion; give it to --model"
        raise CheckpointError(msg)
    files = meta.get(section)
    name = files.get(key) if isinstance(files, dict) else None
    if not isinstance(name, str):
        found = ", ".join(map(str, files))[:200] if isinstance(files, dict) else "nothing"
        msg = f"{path}: {META} has {found} among its {section}, no {key}; it is no recogniser of "
        raise CheckpointError(msg + "ESPnet's ASR task")
    return name


def _copy(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    with archive.open(name) as source, target.open("wb") as stream:
        shutil.copyfileobj(source, stream, 1 << 20)
