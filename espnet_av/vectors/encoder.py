"""The text encoder: what it is, told from its files, and the vectors it makes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.fingerprint import file_fingerprint, fingerprint
from espnet_av.hf import load_model, load_tokenizer
from espnet_av.vectors.config import POOLINGS, VectorsConfig

_FILES = ("config.json", "*.safetensors", "*.safetensors.index.json", "*token*.json", "vocab.*")
_MORE = ("*.model", "merges.txt")
_MOST_TOKENS = 4096
"""Of those lengths that `recognise_use` tries."""
ID_DIGITS = 8
"""Of the id of a teacher, with which the names of its vectors begin."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A text encoder, and how it is used."""

    id: str
    """Of its files and its use; another model or pooling has another one."""
    model: str
    revision: str
    pooling: str
    max_tokens: int
    sha256: str
    """Of its files: configuration, weights, tokenizer."""

    def told(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def describe_teacher(folder: Path, config: VectorsConfig) -> Teacher:
    """What an encoder is, without loading it.

    Raises:
        CheckpointError: there is none in the folder.
    """
    sha256 = _sha256_of(folder)
    model, revision = _origin(folder)
    return Teacher(
        id=_id_of(sha256, config.pooling, config.max_tokens),
        model=config.model_id or model,
        revision=config.revision or revision,
        pooling=config.pooling,
        max_tokens=config.max_tokens,
        sha256=sha256,
    )


def recognise_use(folder: Path, teacher_id: str) -> VectorsConfig | None:
    """How an encoder was used as the teacher of this id; None: it is another one.

    Raises:
        CheckpointError: there is none in the folder.
    """
    sha256 = _sha256_of(folder)
    for max_tokens in (VectorsConfig.max_tokens, *range(1, _MOST_TOKENS + 1)):
        for pooling in POOLINGS:
            if _id_of(sha256, pooling, max_tokens) == teacher_id:
                return VectorsConfig(pooling=pooling, max_tokens=max_tokens)
    return None


def _id_of(sha256: str, pooling: str, max_tokens: int) -> str:
    return fingerprint([f"{sha256} {pooling} {max_tokens}"], ID_DIGITS)


def _sha256_of(folder: Path) -> str:
    """Of the files of an encoder."""
    found = sorted({path for pattern in (*_FILES, *_MORE) for path in folder.glob(pattern)})
    if not any(path.suffix == ".safetensors" for path in found):
        msg = (
            f"{folder}: no text encoder of Hugging Face (no model.safetensors); give the folder "
            "that save_pretrained wrote, or download one, as with: huggingface-cli download "
            "sentence-transformers/LaBSE --local-dir downloads/labse"
        )
        raise CheckpointError(msg)
    return fingerprint(f"{path.name} {file_fingerprint(path)}\n" for path in found)


def sentence_of(text: str) -> str:
    """A text as encoders get it."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _origin(folder: Path) -> tuple[str, str]:
    """Name and revision, which Hugging Face's cache has in its paths."""
    path = folder.resolve()
    if path.parent.name == "snapshots":
        return path.parents[1].name.removeprefix("models--").replace("--", "/"), path.name
    return path.name, ""


class TextEncoder:
    """Sentences -> vectors of length 1.

    Args:
        folder: of the model, as `save_pretrained` writes it, with its tokenizer.
        config: pooling, batches.
        device: where it runs.
    """

    def __init__(self, folder: Path, config: VectorsConfig, device: str = "cpu") -> None:
        self.teacher = describe_teacher(folder, config)
        self._folder, self._config, self._device = folder, config, device

    def encode(self, texts: Sequence[str]) -> Iterator[tuple[int, np.ndarray, bool]]:
        """Vectors of sentences, the longest first.

        Yields:
            (place in `texts`, (D,) float32, whether the sentence was cut).
        """
        tokens = self._tokenizer(list(texts), truncation=False)["input_ids"]
        order = sorted(range(len(texts)), key=lambda i: (-len(tokens[i]), i))
        size, most = self._config.batch_size, self._config.max_tokens
        for start in range(0, len(order), size):
            part = order[start : start + size]
            vectors = self._run([texts[i] for i in part])
            for i, vector in zip(part, vectors.cpu().numpy(), strict=True):
                yield i, vector, len(tokens[i]) > most

    @torch.inference_mode()
    def _run(self, texts: list[str]) -> Tensor:
        """(N, D)."""
        most = self._config.max_tokens
        batch = self._tokenizer(
            texts, padding=True, truncation=True, max_length=most, return_tensors="pt"
        ).to(self._device)
        out = self._model(**batch)
        if self._config.pooling == "pooler":
            vectors = out.pooler_output
        elif self._config.pooling == "cls":
            vectors = out.last_hidden_state[:, 0]
        else:
            mask = batch["attention_mask"].unsqueeze(2)
            vectors = (out.last_hidden_state * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(vectors.float(), dim=1)

    @cached_property
    def _model(self) -> Any:
        pooling = self._config.pooling
        model = load_model(self._folder, may_lack=() if pooling == "pooler" else ("pooler.",))
        if pooling == "pooler" and getattr(model, "pooler", None) is None:
            msg = (
                f"{self._folder}: {type(model).__name__} has no pooler of its own; set pooling: "
                "mean, or cls, as the encoder was trained"
            )
            raise CheckpointError(msg)
        return model.to(self._device)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._folder)
