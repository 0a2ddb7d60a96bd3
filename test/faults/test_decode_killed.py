"""A decoding that is killed while it writes a condition does not stand in the way of scoring."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from espnet_av import temporary
from espnet_av.errors import DataDirError
from espnet_av.predict.example import read_example
from espnet_av.predict.results_dir import is_done
from espnet_av.score.conditions import find_conditions
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring
from espnet_av.temporary import REPLACED, temporary_beside

KILLED = """
import os, signal, sys
from pathlib import Path
from espnet_av.atomic import atomic_dir
with atomic_dir(Path(sys.argv[1])) as folder:
    (folder / "decode.json").write_text("{}")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def condition(decode_dir: Path, name: str) -> Path:
    """A finished condition of the set `test`."""
    folder = decode_dir / "test" / name
    folder.mkdir(parents=True)
    (folder / "decode.json").write_text("{}", encoding="utf-8")
    (folder / ".done").write_text("key\n", encoding="utf-8")
    return folder


def test_killed_while_it_writes(tmp_path: Path) -> None:
    folder = condition(tmp_path, "A_clean")
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "test/AV_clean")], check=False)
    assert len(list((tmp_path / "test").iterdir())) == 2
    assert find_conditions(tmp_path) == [folder]
    assert list((tmp_path / "test").iterdir()) == [folder]


def test_killed_on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = condition(tmp_path, "A_clean")
    monkeypatch.setattr(temporary, "_host", lambda: "node7")
    half = temporary_beside(tmp_path / "test/AV_clean")
    monkeypatch.undo()
    half.mkdir()
    (half / "decode.json").write_text("{}", encoding="utf-8")
    assert find_conditions(tmp_path) == [folder]
    assert half.exists(), "it may live"
    long_ago = time.time() - 48 * 3600
    for path in (half, half / "decode.json"):
        os.utime(path, (long_ago, long_ago))
    assert find_conditions(tmp_path) == [folder]
    assert not half.exists()


def test_killed_while_it_replaces(tmp_path: Path) -> None:
    """Where folders cannot be exchanged in one move, the old one comes back."""
    folder = condition(tmp_path, "A_clean")
    away = temporary_beside(folder, REPLACED)
    started = away.name.split("-")[-2]
    folder.rename(away.with_name(away.name.replace(f"-{started}-", "-7-")))
    assert is_done(folder, "key")
    assert find_conditions(tmp_path) == [folder]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"set": "test"}'])
def test_damaged_record_of_a_condition(tmp_path: Path, content: str) -> None:
    """The stage would take itself for done: its mark goes too."""
    folder = condition(tmp_path, "A_clean")
    for name in ("ref", "text"):
        (folder / name).write_text("u1 a b\n", encoding="utf-8")
    (folder / "decode.json").write_text(content, encoding="utf-8")
    cure = rf"; remove {folder} and {tmp_path}/\.done\.decode, and run the decode stage \(10\)"
    with pytest.raises(DataDirError, match=rf"decode\.json: .*{cure}"):
        score_condition(folder, Scoring())
    (folder / ".done").unlink()
    with pytest.raises(DataDirError, match=rf"did not finish{cure}"):
        find_conditions(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04half", b"\x93NUMPY\x01\0", b"text"])
def test_damaged_example(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "test/A_clean/example.npz"
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataDirError, match=r"example\.npz: missing or damaged .*\.done\.decode"):
        read_example(path)
    np.savez(path.with_suffix(""), other=np.zeros(3))
    with pytest.raises(DataDirError, match="utt_id"):
        read_example(path)
