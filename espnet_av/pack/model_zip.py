"""One zip file that holds everything a model needs, and the careful reading of such a file."""

from __future__ import annotations

import hashlib
import json
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import torch
import yaml
from safetensors.torch import save as save_tensors

from espnet_av.atomic import atomic_write
from espnet_av.config import load_config, to_dict
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.units import SUMMARY
from espnet_av.errors import AVError, CheckpointError
from espnet_av.media.roi_config import RoiConfig
from espnet_av.pack.model_card import model_card
from espnet_av.provenance import git_hash, versions
from espnet_av.search.decode_batch import check_search, default_search
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.train.loading import (
    TOKENS,
    default_checkpoint,
    load_recogniser,
    read_train_config,
    read_weights,
)
from espnet_av.train.longest import LENGTHS, longest_note, read_longest

FORMAT_VERSION = 1
META = "meta.yaml"
WEIGHTS = "weights.safetensors"
LM = "lm.arpa"
MAX_META_BYTES = 1_000_000
MAX_BYTES = 64 * 2**30
"""Largest packed model that is unpacked."""
_TABLES = (
    *(f"{TOKENS}/{name}" for name in ("bpe.model", "tokens.txt", "units.txt", "words.txt")),
    SUMMARY,
)
"""Other files of an experiment that go along where they are."""
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ModelFiles:
    """A model on disk: a finished experiment, or an unpacked zip."""

    folder: Path
    """Its `config.yaml`, tokens and weights, as `load_recogniser` reads them."""
    checkpoint: str
    """File of the weights in `folder`."""
    roi: RoiConfig | None
    """How the mouths of its training data were cut; None for an experiment folder."""
    decode: DecodeConfig | None
    """The search it was scored with; None for an experiment folder."""


def pack_model(
    exp_dir: Path,
    out_path: Path,
    *,
    checkpoint: str | None = None,
    roi: RoiConfig,
    decode: DecodeConfig | None = None,
) -> None:
    """Write the model of an experiment to a zip.

    Args:
        exp_dir: output of training.
        out_path: the zip; replaced atomically.
        checkpoint: weights in `exp_dir`; None = the average that its configuration makes.
        roi: how mouths were cut for its training data.
        decode: the search to recognise with; None = the best one for the model's parts.

    Raises:
        CheckpointError: nothing was trained there, the model writes no text, or its weights or
            tokens are missing, damaged or another model's.
        ConfigError: the experiment's config.yaml or the search's language model is not valid, or
            the model lacks a part that the search needs.
    """
    # Whoever unpacks it loads it in the same way; what fails there is to fail here.
    model, config, tokenizer = load_recogniser(exp_dir, checkpoint)
    decode = decode or default_search(model)
    check_search(model, decode)
    del model
    name = checkpoint or default_checkpoint(config)
    # Cloned: a matrix that two layers share is written for each, as safetensors demands.
    weights = {
        key: value.clone(memory_format=torch.contiguous_format)
        for key, value in read_weights(exp_dir / name).items()
    }
    lm = None
    if decode.lm_file is not None:
        lm = _read_lm(decode.lm_file, tokenizer)
        decode = replace(decode, lm_file=Path(LM))
    members = {
        WEIGHTS: save_tensors(weights),
        "config.yaml": (exp_dir / "config.yaml").read_bytes(),
        "roi.yaml": _yaml(to_dict(roi)),
        "decode.yaml": _yaml(to_dict(decode)),
    }
    if lm is not None:
        members[LM] = lm
    for member in _TABLES:
        if (exp_dir / member).is_file():
            members[member] = (exp_dir / member).read_bytes()
    longest_sec = read_longest(exp_dir)
    if longest_sec is not None:
        members[LENGTHS] = longest_note(longest_sec).encode()
    scores = [json.loads(p.read_text(encoding="utf-8")) for p in exp_dir.glob("*/scores.json")]
    size = sum(tensor.numel() for tensor in weights.values())
    members["README.md"] = model_card(exp_dir.name, config, size, scores).encode()
    members[META] = _yaml(_meta(exp_dir, name, members))
    with atomic_write(out_path, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        for member, content in members.items():
            # One date for all: the same model gives the same bytes.
            archive.writestr(zipfile.ZipInfo(member, _ZIP_DATE), content)


@contextmanager
def open_model(path: str | Path) -> Iterator[ModelFiles]:
    """The files of a packed model or of an experiment folder; unpacked ones vanish afterwards.

    Raises:
        CheckpointError: the path is neither, or the zip is damaged, foreign or hostile.
    """
    path = Path(path)
    if path.is_dir():
        config = read_train_config(path)
        yield ModelFiles(path, default_checkpoint(config), None, None)
        return
    with tempfile.TemporaryDirectory(prefix="espnet_av_") as folder:
        unpack_model(path, Path(folder))
        try:
            roi, decode = load_config(RoiConfig, Path(folder) / "roi.yaml"), _search(Path(folder))
            yield ModelFiles(Path(folder), WEIGHTS, roi, decode)
        except AVError as error:
            # Nobody knows the folder, which is gone by then.
            raise type(error)(str(error).replace(folder, str(path))) from error


def _read_lm(path: Path, tokenizer: Tokenizer) -> bytes:
    """The file of a language model that fits the tokens."""
    NGramLM.read(path, tokenizer.tokens)
    return path.read_bytes()


def _search(folder: Path) -> DecodeConfig:
    """The search of an unpacked model; its language model lies beside it, whatever it is called."""
    decode = load_config(DecodeConfig, folder / "decode.yaml")
    return decode if decode.lm_file is None else replace(decode, lm_file=folder / LM)


def unpack_model(path: Path, out_dir: Path) -> dict[str, Any]:
    """Check every member of a packed model, then write them below `out_dir`.

    Returns:
        the content of `meta.yaml`.

    Raises:
        CheckpointError: no such file, no packed model, a member with an absolute path or `..`, one
            that is no plain file, too large, not listed, or with another checksum.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            _check_names(path, archive.infolist())
            meta = _read_meta(path, archive, infos)
            for name, entry in meta["members"].items():
                content = _read_member(path, archive, infos, name, entry)
                target = out_dir / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    except FileNotFoundError as error:
        msg = f"{path}: no such model; give a zip made by 'espnet-av pack' or an experiment folder"
        raise CheckpointError(msg) from error
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        msg = f"{path}: cannot be read ({error}); the file is damaged, copy it again"
        raise CheckpointError(msg) from error
    return meta


def _check_names(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    names = [info.filename for info in infos]
    for info in infos:
        name = PurePosixPath(info.filename)
        kind = stat.S_IFMT(info.external_attr >> 16)
        unsafe = name.is_absolute() or ".." in name.parts or "\\" in info.filename
        if unsafe or ":" in info.filename or info.is_dir() or kind not in (0, stat.S_IFREG):
            msg = (
                f"{path}: the member '{info.filename}' would be written outside of its folder or "
                "is no plain file; do not use this zip"
            )
            raise CheckpointError(msg)
    if len(set(names)) != len(names):
        msg = f"{path}: a member is there twice; do not use this zip"
        raise CheckpointError(msg)


def _read_meta(
    path: Path, archive: zipfile.ZipFile, infos: Mapping[str, zipfile.ZipInfo]
) -> dict[str, Any]:
    foreign = f"{path}: no model packed by 'espnet-av pack'"
    if META not in infos or infos[META].file_size > MAX_META_BYTES:
        raise CheckpointError(foreign + f" ({META} is missing or too large)")
    try:
        meta = yaml.safe_load(archive.read(META))
        version, members = meta["format_version"], meta["members"]
        sizes = {name: int(entry["bytes"]) for name, entry in members.items()}
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(foreign + f" ({META} cannot be understood)") from error
    if version != FORMAT_VERSION:
        msg = f"{path}: packed in format {version}, this version reads {FORMAT_VERSION}; update"
        raise CheckpointError(msg)
    unlisted = sorted(set(infos) ^ {*members, META})
    if unlisted:
        msg = f"{path}: {', '.join(unlisted)} is not both in the zip and in {META}; copy it again"
        raise CheckpointError(msg)
    if sum(sizes.values()) > MAX_BYTES:
        msg = f"{path}: {sum(sizes.values())} bytes unpacked, more than the limit of {MAX_BYTES}"
        raise CheckpointError(msg)
    return dict(meta)


def _read_member(
    path: Path,
    archive: zipfile.ZipFile,
    infos: Mapping[str, zipfile.ZipInfo],
    name: str,
    entry: Mapping[str, Any],
) -> bytes:
    # Not more than was announced, whatever a compressed member would unpack to.
    with archive.open(infos[name]) as stream:
        content = stream.read(int(entry["bytes"]) + 1)
    if len(content) != entry["bytes"] or hashlib.sha256(content).hexdigest() != entry["sha256"]:
        msg = f"{path}: the member '{name}' has another size or checksum than {META} says; "
        msg += "the file is damaged or was changed, get it again"
        raise CheckpointError(msg)
    return content


def _meta(exp_dir: Path, checkpoint: str, members: Mapping[str, bytes]) -> dict[str, Any]:
    provenance = exp_dir / "provenance.yaml"
    return {
        "format_version": FORMAT_VERSION,
        "model": exp_dir.name,
        "checkpoint": checkpoint,
        "input": {
            "speech": "16 kHz mono float in [-1, 1], 640 samples a frame",
            "video": "25 Hz grey mouth clips, uint8, cut as roi.yaml says",
            "normaliser": "inside the model: (pixel / 255 - 0.421) / 0.165, audio per utterance",
        },
        "packed_by": {"git": git_hash(), "versions": versions()},
        "trained_by": yaml.safe_load(provenance.read_text(encoding="utf-8"))
        if provenance.is_file()
        else None,
        "members": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in members.items()
        },
    }


def _yaml(content: Mapping[str, Any]) -> bytes:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True).encode()
