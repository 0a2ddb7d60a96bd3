"""The small corpora for rehearsals: what is printed leads to them wherever they are."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from corpora_fixtures import __main__ as fixtures

from espnet_av.bin import prepare


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


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("covost2", ["COMMON_VOICE", "COVOST2"]),
        ("librimix", ["LIBRIMIX", "LIBRIMIX_RTTM"]),
        ("mtedx", ["MTEDX"]),
        *((name, [name.upper()]) for name in fixtures.SINGLE),
    ],
)
def test_a_corpus_of_folders_is_read_by_its_reader(
    name: str,
    variables: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["fixtures", name, str(tmp_path / "root")])
    fixtures.main()
    lines = [shlex.split(line)[1] for line in capsys.readouterr().out.splitlines()]
    assert [line.partition("=")[0] for line in lines] == variables
    folders = [line.partition("=")[2] for line in lines]
    prepare.main([name, *folders, str(tmp_path / "data"), "--num_jobs", "1"])
    assert f"{name} -> {tmp_path / 'data'}: " in capsys.readouterr().out
    # As it lies in the template, whose variables messages name.
    db = (Path(__file__).parents[1] / "egs2/TEMPLATE/av1/db.sh").read_text(encoding="utf-8")
    assert all(f"\n{variable}=" in db for variable in variables)
