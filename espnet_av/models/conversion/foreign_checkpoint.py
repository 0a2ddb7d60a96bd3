"""Checkpoints of Hugging Face and fairseq: weights, configuration and labels, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_object import ForeignObject, as_plain
from espnet_av.models.conversion.foreign_relatives import SAME_ENCODER, unlike_ours
from espnet_av.models.conversion.torch_file import open_torch_file
from espnet_av.text_file import read_json

FINE_TUNED_PREFIX = "encoder.w2v_model."
"""Before the encoder's names in a fine-tuned AV-HuBERT."""
_HF_FILES = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_LFS_POINTER = b"version https://git-lfs"
_HF_MARK = "conv_layers.0.conv.weight"


@dataclass(frozen=True)
class ForeignCheckpoint:
    """What a file or folder of another project holds."""

    path: Path
    style: Literal["hf", "fairseq"]
    """Whose names the weights have."""
    weights: dict[str, Tensor]
    config: dict[str, Any] = field(default_factory=dict)
    """`config.json` of Hugging Face, or the configuration of fairseq; empty = the file has none."""
    preprocessor: dict[str, Any] = field(default_factory=dict)
    """Hugging Face's feature extractor: how sound is to be prepared."""
    unit_symbols: tuple[str, ...] | None = None
    """Symbol of each row of the unit vectors, fairseq's four special ones included."""
    token_symbols: tuple[str, ...] | None = None
    """The same for the rows of the decoder's embedding."""
    tokenizer: bytes | None = None
    """The sentencepiece model of its text."""

    def part(self, name: str) -> dict[str, Any]:
        """Section `model`, `task` or `criterion` of fairseq's configuration; old ones have none."""
        section = self.config.get(name)
        return section if isinstance(section, dict) else self.config

    def family(self) -> str | None:
        """What kind of model this is, by its names; None = none that is known."""
        names = self.weights.keys()
        if any(name.startswith(FINE_TUNED_PREFIX) for name in names):
            return "avhubert_finetuned"
        if any(name.startswith("feature_extractor_video.") for name in names):
            return "avhubert"
        kind = self.config.get("model_type")
        if isinstance(kind, str) and kind in SAME_ENCODER:
            return SAME_ENCODER[kind]
        if any(name.startswith("quantizer.") for name in names):
            return "wav2vec2"
        if "label_embs_concat" in names or any(name.startswith("hubert.") for name in names):
            return "hubert"
        return None

    def check_family(self, asked: str) -> None:
        """Stop if this is a checkpoint of another family than `asked`.

        Raises:
            CheckpointError: it is; the right family is named, or why there is none.
        """
        unlike = unlike_ours(self.config, self.weights)
        if unlike is not None:
            msg = f"{self.path}: is {unlike}"
            raise CheckpointError(msg)
        found = self.family()
        if found is not None and found != asked:
            msg = f"{self.path}: is a checkpoint of {found}, not of {asked}; use --family {found}"
            raise CheckpointError(msg)


def read_foreign_checkpoint(path: str | Path) -> ForeignCheckpoint:
    """Read a folder of Hugging Face, or a file of it, of fairseq or of weights alone.

    Nothing in it is run: pickles are read as data, see `foreign_pickle`.

    Raises:
        CheckpointError: it is missing, damaged, holds something else, or its pickle is refused.
    """
    path = Path(path)
    if path.is_dir():
        return _read_hf_folder(path)
    if path.suffix == ".safetensors":
        return _plain_weights(path, _read_safetensors(path))
    with open_torch_file(path) as file:
        content = file.content
        if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
            return _plain_weights(path, file.tensors(content))
        config = as_plain(content.get("cfg") or content.get("args"))
        return ForeignCheckpoint(
            path=path,
            style="fairseq",
            weights=file.tensors(content["model"]),
            config=config if isinstance(config, dict) else {},
            **_labels(content.get("task_state"), path),
        )


def _read_hf_folder(folder: Path) -> ForeignCheckpoint:
    config = _read_json(folder / "config.json")
    name = next((name for name in _HF_FILES if (folder / name).is_file()), None)
    if config is None or name is None:
        msg = f"{folder}: needs config.json and one of {', '.join(_HF_FILES[::2])}; "
        inner = sorted(path.parent for path in folder.glob("snapshots/*/config.json"))
        raise CheckpointError(
            msg + (f"give the snapshot in it, {inner[0]}" if inner else "copy them")
        )
    files = [folder / name]
    if name.endswith(".index.json"):
        shards = (_read_json(folder / name) or {}).get("weight_map")
        if not isinstance(shards, dict) or not all(_is_file_name(v) for v in shards.values()):
            msg = f"{folder / name}: does not list files of this folder; copy it again"
            raise CheckpointError(msg)
        files = [folder / shard for shard in sorted(set(shards.values()))]
    weights: dict[str, Tensor] = {}
    for file in files:
        weights |= _read_tensors(file)
    return ForeignCheckpoint(
        path=folder,
        style="hf",
        weights=weights,
        config=config,
        preprocessor=_read_preprocessor(folder),
    )


def _plain_weights(path: Path, weights: dict[str, Tensor]) -> ForeignCheckpoint:
    """Weights alone: the configuration may lie beside the file."""
    if not any(name.endswith(_HF_MARK) for name in weights):
        return ForeignCheckpoint(path=path, style="fairseq", weights=weights)
    return ForeignCheckpoint(
        path=path,
        style="hf",
        weights=weights,
        config=_read_json(path.parent / "config.json") or {},
        preprocessor=_read_preprocessor(path.parent),
    )


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if path.is_file():
        with path.open("rb") as stream:
            if stream.read(len(_LFS_POINTER)) == _LFS_POINTER:
                msg = f"{path}: only says where Git LFS keeps the file; 'git lfs pull' fetches it"
                raise CheckpointError(msg)
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    with open_torch_file(path) as file:
        return file.tensors(file.content)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from espnet_av.hf import SafetensorError, load_file

    try:
        return dict(load_file(path))
    except FileNotFoundError as error:
        msg = f"{path}: no such file; check the path"
        raise CheckpointError(msg) from error
    except SafetensorError as error:
        msg = f"{path}: cannot be read ({error}); the file is damaged or cut short, copy it again"
        raise CheckpointError(msg) from error


def _read_json(path: Path) -> dict[str, Any] | None:
    """Content of a JSON file; None if there is none."""
    return read_json(path, CheckpointError, "copy it again") if path.is_file() else None


def _read_preprocessor(folder: Path) -> dict[str, Any]:
    """As transformers looks for it: since version 5 it is a part of the processor's file."""
    for name in ("processor_config.json", "preprocessor_config.json"):
        content = _read_json(folder / name) or {}
        for part in ("feature_extractor", "audio_processor"):
            if isinstance(content.get(part), dict):
                return dict(content[part])
        if name.startswith("pre"):
            return content
    return {}


def _is_file_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and Path(value).name == value


def _labels(task_state: Any, path: Path) -> dict[str, Any]:
    """Dictionaries and tokenizer of fairseq's task, as far as they are there."""
    if not isinstance(task_state, Mapping):
        return {}
    dictionaries = task_state.get("dictionaries")
    units = dictionaries if isinstance(dictionaries, list) else []
    if len(units) > 1:
        msg = f"{path}: predicts {len(units)} sets of units at once; our models predict one"
        raise CheckpointError(msg)
    return {
        "unit_symbols": _symbols(units[0]) if units else None,
        "token_symbols": _symbols(task_state.get("target_dictionary")),
        "tokenizer": _sentencepiece(task_state.get("s2s_tokenizer")),
    }


def _symbols(dictionary: Any) -> tuple[str, ...] | None:
    """The symbols of a fairseq Dictionary, by number."""
    state = dictionary.state if isinstance(dictionary, ForeignObject) else None
    symbols = state.get("symbols") if isinstance(state, dict) else None
    if not isinstance(symbols, list) or not all(isinstance(s, str) for s in symbols):
        return None
    return tuple(symbols)


def _sentencepiece(tokenizer: Any) -> bytes | None:
    """The model inside fairseq's tokenizer object, or inside one of its attributes."""
    state = tokenizer.state if isinstance(tokenizer, ForeignObject) else None
    for value in (tokenizer, *(state.values() if isinstance(state, dict) else ())):
        is_model = isinstance(value, ForeignObject) and isinstance(value.state, bytes)
        if is_model and value.type_name.endswith("SentencePieceProcessor"):
            return bytes(value.state)
    return None
