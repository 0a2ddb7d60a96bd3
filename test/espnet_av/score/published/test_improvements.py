"""Relative improvements that a paper tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.score.published.expected import read_expected
from espnet_av.score.published.improvements import Improvement


@pytest.mark.parametrize(
    ("said", "told"),
    [({"percent": 80.17}, "+80.17 %"), ({"better": True}, "better"), ({"better": False}, "worse"),
     ({"percent": -3.0, "better": True}, "-3.00 %"), ({}, "-")],
)  # fmt: skip
def test_in_few_words(said: dict[str, float], told: str) -> None:
    assert Improvement(about="x", task="IC", **said).told() == told


def test_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "expected.yaml"
    path.write_text("improvements:\n- {about: x, task: IC, percent: 80.17}\n", encoding="utf-8")
    assert read_expected(path).improvements == [Improvement(about="x", task="IC", percent=80.17)]
    path.write_text("improvements:\n- {about: x, tasks: IC}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key 'tasks'"):
        read_expected(path)
