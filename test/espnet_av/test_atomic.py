"""A failed write leaves what was there, and nothing half-written."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from espnet_av.atomic import atomic_dir, atomic_write


def test_success_replaces_and_failure_keeps(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    with atomic_write(path) as stream:
        stream.write("first\n")
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space"), atomic_write(path) as stream:
        stream.write("second\n")
        raise full
    assert path.read_text(encoding="utf-8") == "first\n"
    assert [item.name for item in path.parent.iterdir()] == ["file.txt"]


def test_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with atomic_dir(target) as folder:
        (folder / "a").write_text("1", encoding="utf-8")
    with pytest.raises(RuntimeError), atomic_dir(target) as folder:
        (folder / "a").write_text("2", encoding="utf-8")
        raise RuntimeError
    assert (target / "a").read_text(encoding="utf-8") == "1"
    assert [item.name for item in tmp_path.iterdir()] == ["out"]
