"""Progress: silent without a terminal, a JSON file for the job runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from espnet_av.progress import ProgressBar, progress


def test_silent_without_a_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AV_PROGRESS_FILE", raising=False)
    assert list(progress([1, 2, 3], desc="count")) == [1, 2, 3]
    assert capfd.readouterr() == ("", "")


def test_state_goes_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "job.progress"
    monkeypatch.setenv("AV_PROGRESS_FILE", str(path))
    bar = ProgressBar(total=4, desc="train", initial=1)
    bar.update(3, loss=0.5)
    state = json.loads(path.read_text(encoding="utf-8"))
    assert (state["done"], state["total"], state["initial"]) == (4, 4, 1)
    assert state["postfix"] == {"loss": "0.5"}
