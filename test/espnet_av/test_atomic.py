"""A failed write leaves what was there, and nothing half-written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from espnet_av import atomic
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


@pytest.mark.parametrize("can_exchange", [True, False])
def test_folder_is_replaced_with_what_was_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda *_: False)
    for content in ("first", "second"):
        with atomic_dir(tmp_path / "out") as folder:
            (folder / content).write_text(content, encoding="utf-8")
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["second"]
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_there_is_always_one_of_the_two_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is moved, removed or renamed, in Python's calls, the folder is there before it."""
    with atomic_dir(tmp_path / "out") as folder:
        (folder / "a").touch()
    seen = []
    for name in ("rename", "replace", "rmdir", "unlink"):
        call = getattr(os, name)

        def watched(*args: Any, call: Callable[..., Any] = call, **kwargs: Any) -> Any:
            seen.append((tmp_path / "out").is_dir())
            return call(*args, **kwargs)

        monkeypatch.setattr(os, name, watched)
    with atomic_dir(tmp_path / "out") as folder:
        (folder / "b").touch()
    if atomic._exchange(tmp_path, tmp_path):
        assert seen and all(seen)
    assert (tmp_path / "out/b").exists()


def test_folder_in_the_place_of_a_file_or_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(NotADirectoryError, match="file"), atomic_dir(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a").touch()
    (tmp_path / "link").symlink_to("elsewhere")
    with atomic_dir(tmp_path / "link") as folder:
        (folder / "b").touch()
    assert (tmp_path / "elsewhere/a").exists() and (tmp_path / "link/b").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "file", "link"]


def test_full_disk_names_the_file(tmp_path: Path) -> None:
    """Writing into an open file does not tell its name."""
    with pytest.raises(OSError, match=r"No space.*out/text"), atomic_write(tmp_path / "out/text"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(OSError, match=r"No space.*out/cond"), atomic_dir(tmp_path / "out/cond"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
