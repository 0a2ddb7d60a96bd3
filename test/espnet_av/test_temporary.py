"""What a killed process leaves goes at the next run; what a living one writes stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from espnet_av import temporary
from espnet_av.atomic import atomic_dir, atomic_write
from espnet_av.temporary import sweep, temporary_beside, temporary_folder

WRITERS = {
    "file": "with atomic_write('{path}/a.txt') as f: f.write('half'); f.flush(); stop()",
    "folder": "with atomic_dir('{path}/out') as d: (d / 'a').write_text('half'); stop()",
    "video": "from espnet_av.media import video\nvideo._write_sound = stop\nimport numpy as np\n"
    "video.write_video('{path}/a.mp4', np.zeros((3, 16, 16), np.uint8), audio=np.zeros(99))",
    "link": "from espnet_av.train import best_models\nbest_models.Path.replace = stop\n"
    "best_models._link(Path('{path}/latest.pth'), '1.pth')",
}
STOP = """
import os, signal, time
from pathlib import Path
from espnet_av.atomic import atomic_dir, atomic_write
def stop(*_):
    print("begun", flush=True)
    time.sleep(60)
"""


def begin(work: str, folder: Path) -> subprocess.Popen[str]:
    """A process that stops in the middle of its work."""
    script = STOP + work.format(path=folder)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("work", WRITERS)
def test_left_by_a_killed_process(tmp_path: Path, work: str) -> None:
    process = begin(WRITERS[work], tmp_path)
    try:
        assert len(list(tmp_path.iterdir())) == 1
        sweep(tmp_path)
        assert len(list(tmp_path.iterdir())) == 1, "it lives"
    finally:
        kill(process)
    with atomic_write(tmp_path / "other") as stream:
        stream.write("1")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_of_another_machine_goes_when_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary, "_host", lambda: "node7")
    foreign = [temporary_beside(tmp_path / name) for name in ("new", "old", "folder")]
    monkeypatch.undo()
    foreign[0].touch()
    foreign[1].touch()
    foreign[2].mkdir()
    (foreign[2] / "inside").touch()
    long_ago = time.time() - 30 * 3600
    for path in (foreign[1], foreign[2]):
        os.utime(path, (long_ago, long_ago))
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {foreign[0], foreign[2]}, "somebody writes into the folder"


def test_process_that_has_the_number_of_a_dead_one(tmp_path: Path) -> None:
    path = temporary_beside(tmp_path / "a")
    started = path.name.split("-")[-2]
    path.with_name(path.name.replace(f"-{started}-", "-7-")).touch()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_moved_away_comes_back(tmp_path: Path) -> None:
    """Of a process killed between the two moves that replace a folder."""
    for name in ("gone", "there"):
        path = temporary_beside(tmp_path / name, temporary.REPLACED)
        started = path.name.split("-")[-2]
        left = path.with_name(path.name.replace(f"-{started}-", "-7-"))
        left.mkdir()
        (left / "a").write_text("before", encoding="utf-8")
    (tmp_path / "there").mkdir()
    with atomic_dir(tmp_path / "gone" / "inside") as folder:
        (folder / "b").touch()
    sweep(tmp_path)
    assert (tmp_path / "there").exists() and list((tmp_path / "there").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} >= {"gone", "there"}


def test_names_differ_and_stay_short(tmp_path: Path) -> None:
    paths = {temporary_beside(tmp_path / "a") for _ in range(3)}
    assert len(paths) == 3
    long = tmp_path / ("Ü" * 120 + "x" * 15)
    for path in (long, long.with_name("Ü" * 120 + "y" * 15)):
        with atomic_write(path) as stream:
            stream.write(path.name)
    assert long.read_text(encoding="utf-8") == long.name


def test_foreign_hidden_files_stay(tmp_path: Path) -> None:
    kept = [".git", ".done", ".tmp", ".notes.tmp", ".a.b.old"]
    for name in kept:
        (tmp_path / name).touch()
    sweep(tmp_path)
    sweep(tmp_path / "not_there")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


KILLED = """
import os, signal
from pathlib import Path
from espnet_av.temporary import temporary_folder
folder = temporary_folder()
(Path(folder.name) / "weights").write_bytes(b"much")
print(folder.name, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_unpacked_models_of_killed_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "espnet_av_notes").mkdir()
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True)
    assert Path(killed.stdout.strip()).is_dir()
    with temporary_folder() as first, temporary_folder() as second:
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {Path(first).name, Path(second).name, "espnet_av_notes"}


def test_process_of_which_only_its_being_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As others' processes where /proc hides them."""
    path = temporary_beside(tmp_path / "a")
    path.touch()
    monkeypatch.setattr(temporary, "_started", lambda _: "0")
    sweep(tmp_path)
    assert path.exists()
    monkeypatch.setattr(temporary, "_started", lambda _: "")
    sweep(tmp_path)
    assert not path.exists()
