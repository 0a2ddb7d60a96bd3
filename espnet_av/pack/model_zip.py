"""One zip file that holds everything a model needs."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from espnet_av.atomic import atomic_write
from espnet_av.config import load_config, to_dict
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.unit_set import SUMMARY
from espnet_av.errors import AVError, CheckpointError, ConfigError
from espnet_av.fingerprint import fingerprint
from espnet_av.hf import save as save_tensors
from espnet_av.pack.model_card import model_card
from espnet_av.pack.unpacking import (
    CONFIG,
    DECODE,
    FORMAT_VERSION,
    META,
    ROI,
    WEIGHTS,
    unpack_model,
)
from espnet_av.provenance import git_hash, versions
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_batch import check_search, default_search
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.ngram_lm import NGramLM
from espnet_av.temporary import temporary_folder
from espnet_av.text_file import read_json
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import (
    TOKENS,
    default_checkpoint,
    load_experiment,
    load_recogniser,
    needs_text,
    read_train_config,
    read_weights,
)
from espnet_av.train.longest import LENGTHS, longest_note, read_longest
from espnet_av.train.teacher_note import NOTE
from espnet_av.yaml_file import read_yaml_keys

LM = "lm.arpa"
_TABLES = (
    *(f"{TOKENS}/{name}" for name in ("bpe.model", "tokens.txt", "units.txt", "words.txt")),
    SUMMARY,
    NOTE,
)
"""Other files of an experiment that go along where they are."""
_AGAIN = "remove it, or run the score stage (11) again"
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
    """The search it was scored with; None for an experiment folder, and without text."""


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
        decode: the search to recognise with; None = the best one for the model's parts. A model
            that writes no text, as one of vectors of sentences, has none.

    Raises:
        CheckpointError: nothing was trained there, or its weights or tokens are missing, damaged or
            another model's.
        ConfigError: the experiment's config.yaml or the search's language model is not valid, or
            the model lacks a part that the search needs.
    """
    config, decode, lm = _loaded(exp_dir, checkpoint, decode)
    name = checkpoint or default_checkpoint(config)
    # Cloned: a matrix that two layers share is written for each, as safetensors demands.
    weights = {
        key: value.clone(memory_format=torch.contiguous_format)
        for key, value in read_weights(exp_dir / name).items()
    }
    members = {
        WEIGHTS: save_tensors(weights),
        CONFIG: (exp_dir / "config.yaml").read_bytes(),
        ROI: _yaml(to_dict(roi)),
    }
    if decode is not None:
        members[DECODE] = _yaml(to_dict(decode))
    if lm is not None:
        members[LM] = lm
    for member in _TABLES:
        if (exp_dir / member).is_file():
            members[member] = (exp_dir / member).read_bytes()
    longest_sec = read_longest(exp_dir)
    if longest_sec is not None:
        members[LENGTHS] = longest_note(longest_sec).encode()
    scores = [read_json(p, CheckpointError, _AGAIN) for p in sorted(exp_dir.glob("*/scores.json"))]
    size = sum(tensor.numel() for tensor in weights.values())
    members["README.md"] = model_card(
        exp_dir.name, config, size, scores, decode is not None
    ).encode()
    members[META] = _yaml(_meta(exp_dir, name, members))
    with atomic_write(out_path, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        for member, content in members.items():
            # One date for all: the same model gives the same bytes.
            archive.writestr(zipfile.ZipInfo(member, _ZIP_DATE), content)


def _loaded(
    exp_dir: Path, checkpoint: str | None, decode: DecodeConfig | None
) -> tuple[TrainConfig, DecodeConfig | None, bytes | None]:
    """Its configuration, the search, and the search's language model.

    Whoever unpacks it loads it in the same way; what fails there fails here.
    """
    if not needs_text(read_train_config(exp_dir)):
        if decode is not None:
            msg = f"{exp_dir}: its model writes no text, so there is nothing to search; leave "
            raise ConfigError(msg + "--decode_config out")
        return load_experiment(exp_dir, checkpoint)[1], None, None
    model, config, tokenizer = load_recogniser(exp_dir, checkpoint)
    decode = decode or default_search(model)
    check_search(model, decode)
    if decode.lm_file is None:
        return config, decode, None
    lm = _read_lm(decode.lm_file, tokenizer)
    return config, replace(decode, lm_file=Path(LM)), lm


@contextmanager
def open_model(path: str | Path) -> Iterator[ModelFiles]:
    """The files of a packed model or of an experiment folder; unpacked ones vanish afterwards.

    A packed model that somebody unpacked is read as it lies there, without looking at checksums.

    Raises:
        CheckpointError: the path is neither, or the zip is damaged, foreign or hostile.
    """
    path = Path(path)
    if path.is_dir() and (path / META).is_file() and (path / WEIGHTS).is_file():
        yield _packed_files(path)
        return
    if path.is_dir():
        config = read_train_config(path)
        yield ModelFiles(path, default_checkpoint(config), None, None)
        return
    with temporary_folder() as folder:
        unpack_model(path, Path(folder))
        try:
            yield _packed_files(Path(folder))
        except AVError as error:
            # Nobody knows the folder, which is gone by then.
            raise type(error)(str(error).replace(folder, str(path))) from error


def _packed_files(folder: Path) -> ModelFiles:
    """An unpacked model.

    Raises:
        CheckpointError: its configurations cannot be used.
    """
    try:
        search = _search(folder) if needs_text(read_train_config(folder)) else None
        return ModelFiles(folder, WEIGHTS, load_config(RoiConfig, folder / ROI), search)
    except ConfigError as error:
        raise CheckpointError(str(error)) from error


def _read_lm(path: Path, tokenizer: Tokenizer) -> bytes:
    """The file of a language model that fits the tokens."""
    NGramLM.read(path, tokenizer.tokens)
    return path.read_bytes()


def _search(folder: Path) -> DecodeConfig:
    """The search of an unpacked model; its language model lies beside it, whatever it is called."""
    if not (folder / DECODE).is_file():
        msg = f"{folder}: has no {DECODE}, which every model that writes text has; get it again"
        raise CheckpointError(msg)
    decode = load_config(DecodeConfig, folder / DECODE)
    if decode.lm_file is None:
        return decode
    if not (folder / LM).is_file():
        msg = f"{folder}: {DECODE} names a language model, but {LM} is missing; get it again"
        raise CheckpointError(msg)
    return replace(decode, lm_file=folder / LM)


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
        "trained_by": read_yaml_keys(provenance, CheckpointError, "restore it from a copy")
        if provenance.is_file()
        else None,
        "members": {
            name: {"bytes": len(content), "sha256": fingerprint([content])}
            for name, content in members.items()
        },
    }


def _yaml(content: Mapping[str, Any]) -> bytes:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True).encode()
