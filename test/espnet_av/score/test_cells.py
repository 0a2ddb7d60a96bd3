from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.score.cells import read_cells


def test_two_words_name_a_system() -> None:
    words = [["MAE", "en-de", "a.json", "b.json"], ["none", "none", "c.json"]]
    assert read_cells(words, "row", "column") == [
        ("MAE", "en-de", [Path("a.json"), Path("b.json")]),
        ("none", "none", [Path("c.json")]),
    ]


def test_a_system_has_files() -> None:
    with pytest.raises(ConfigError, match="--system KS HuBERT: expected task, model, then scores"):
        read_cells([["KS", "HuBERT"]], "task", "model")
