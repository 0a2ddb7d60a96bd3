"""A text encoder, and sets whose sentences are partly the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracles.text_encoder import write_text_encoder

from espnet_av.data.data_dir import write_data_dir

TEXTS = {
    "train": {"s-0": "the cat sat", "s-1": "le chat est sur le tapis", "s-2": "the  cat sat"},
    "valid": {"s-7": "der hund liegt", "s-8": "the cat sat"},
}


def write_set(path: Path, texts: dict[str, str]) -> Path:
    tables = {"utt2spk": dict.fromkeys(texts, "s"), "wav.scp": {u: f"{u}.wav" for u in texts}}
    write_data_dir(path, {**tables, "text": texts})
    return path


@pytest.fixture(scope="module")
def teacher(tmp_path_factory) -> Path:
    pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("hub") / "models--org--tiny" / "snapshots" / "abc123"
    write_text_encoder(folder)
    return folder


@pytest.fixture
def sets(tmp_path) -> list[Path]:
    return [write_set(tmp_path / "data" / name, texts) for name, texts in TEXTS.items()]
