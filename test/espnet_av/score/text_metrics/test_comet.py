"""COMET as a plug-in, with a double of its package."""

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from oracles.golden_texts import texts_of

from espnet_av.errors import ConfigError
from espnet_av.score.text_metrics.comet import measure_comet

TEXTS = replace(texts_of(("a b", "a b"), ("c", "d")), sources={"a0": "x y", "a1": "z"})


class Network:
    asked: list[dict[str, str]]

    def predict(self, data: list[dict[str, str]], **_: Any) -> Any:
        self.asked = data
        return SimpleNamespace(scores=[1.0 if row["mt"] == row["ref"] else 0.5 for row in data])


@pytest.fixture
def network(monkeypatch):
    found = Network()
    package = SimpleNamespace(
        download_model=lambda name: f"cache/{name}", load_from_checkpoint=lambda path: found
    )
    monkeypatch.setitem(sys.modules, "comet", package)
    return found


def test_what_was_said_is_told(network):
    measured = measure_comet(TEXTS)
    assert measured.sums.value == 75.0
    assert network.asked[1] == {"src": "z", "mt": "d", "ref": "c"}
    assert measured.signature.startswith("Unbabel/wmt22-comet-da|unbabel-comet")


def test_a_file_is_not_fetched(network, monkeypatch, tmp_path):
    (tmp_path / "model.ckpt").write_bytes(b"")
    monkeypatch.setattr(sys.modules["comet"], "download_model", None)
    path = str(tmp_path / "model.ckpt")
    assert measure_comet(replace(TEXTS, model=path)).signature.startswith(path)


def test_what_is_missing_is_named(network, monkeypatch):
    with pytest.raises(ConfigError, match="the texts: a1 and 0 others have no transcript of what"):
        measure_comet(replace(TEXTS, sources={"a0": "x y"}))

    def refuse(name: str) -> str:
        raise KeyError(f"Model '{name}' not supported by COMET.")

    monkeypatch.setattr(sys.modules["comet"], "download_model", refuse)
    with pytest.raises(ConfigError, match=r"wmt99 is not here and .*metric_models: \{comet: <file"):
        measure_comet(replace(TEXTS, model="wmt99"))
    monkeypatch.setitem(sys.modules, "comet", None)
    with pytest.raises(ConfigError, match="pip install unbabel-comet, or leave comet out of"):
        measure_comet(TEXTS)
