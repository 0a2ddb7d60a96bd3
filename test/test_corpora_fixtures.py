"""The small corpora for rehearsals: what is printed leads to them wherever they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from corpora_fixtures import __main__ as fixtures


def test_variables_lead_to_folders_with_white_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my disk's $corpora"
    monkeypatch.setattr(fixtures, "make_lrs3", lambda root: {"LRS3": root / "lrs3"})
    monkeypatch.setattr(sys, "argv", ["fixtures", "lrs3", str(folder)])
    fixtures.main()
    script = capsys.readouterr().out + 'printf %s "${LRS3}"'
    result = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    assert result.stdout == str(folder / "lrs3")
