"""What programs do with the mistakes of users and the faults of machines."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from espnet_av.command import check_jobs, device_of, user_errors
from espnet_av.errors import ConfigError, MediaError


def test_users_error_is_one_line_with_its_class() -> None:
    message = r"^dump: MediaError: a\.mp4: no such file$"
    with pytest.raises(SystemExit, match=message), user_errors("dump"):
        msg = "a.mp4: no such file"
        raise MediaError(msg)


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "check its owner"),
        (errno.EISDIR, "check the path"),
    ],
)
def test_fault_of_the_machine_is_one_line(number: int, cure: str) -> None:
    message = rf"^dump: \[Errno {number}\] .*: 'out/text'; {cure}.*, and run again$"
    with pytest.raises(SystemExit, match=message), user_errors("dump"):
        raise OSError(number, os.strerror(number), "out/text")


@pytest.mark.parametrize("error", [ValueError("ours"), OSError(errno.EBADF, "ours")])
def test_our_own_mistakes_keep_their_traceback(error: Exception) -> None:
    with pytest.raises(type(error), match="ours"), user_errors("dump"):
        raise error


@pytest.mark.parametrize(("job", "num_jobs"), [(0, 1), (3, 2), (-1, 4), (1, 0)])
def test_job_is_one_of_the_jobs(job: int, num_jobs: int) -> None:
    with pytest.raises(ConfigError, match=f"--job {job}: must be from 1 to --num_jobs {num_jobs}"):
        check_jobs(job, num_jobs)
    check_jobs(num_jobs + 1, num_jobs + 1)


def test_gpus_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert device_of(0) == "cpu" and device_of(1) == "cuda"
    with pytest.raises(ConfigError, match="--ngpu 2: 1 GPU is visible; use --ngpu 1"):
        device_of(2)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ConfigError, match="--ngpu 1: no GPU is visible; use --ngpu 0"):
        device_of(1)


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.EMFILE, "ulimit -n"),
        (errno.ENFILE, "fewer jobs"),
        (errno.ENAMETOOLONG, "shorten the name"),
        (errno.ENOENT, "check the path"),
        (errno.EIO, "the disk or the network file system fails"),
        (errno.EPERM, "check its owner"),
        (errno.ELOOP, "check the links"),
        (errno.EFBIG, "ulimit -f"),
    ],
)
def test_other_faults_of_the_machine(number: int, cure: str) -> None:
    with pytest.raises(SystemExit, match=f"exp/model.*; .*{cure}"), user_errors("train"):
        raise OSError(number, os.strerror(number), "exp/model")


@pytest.mark.parametrize("kind", [RuntimeError, OSError])
def test_fault_that_torch_tells_in_text(kind: type[Exception]) -> None:
    text = (
        "Caught it in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n"
    )
    text += "OSError: [Errno 24] Too many open files: 'dump/audio.000001.ark'\n"
    with pytest.raises(SystemExit) as caught, user_errors("train"):
        raise kind(text)
    assert str(caught.value).startswith("train: OSError: [Errno 24] Too many open files: 'dump")
    assert "ulimit -n" in str(caught.value)


def test_users_error_in_a_worker_has_no_traceback() -> None:
    text = "Caught MediaError in DataLoader worker process 0.\nOriginal Traceback (most recent\n"
    text += '  File "a.py"\nespnet_av.errors.MediaError: a.mp4: cut short; fetch it again\n'
    with pytest.raises(SystemExit) as caught, user_errors("train"):
        raise MediaError(text)
    assert str(caught.value) == "train: MediaError: a.mp4: cut short; fetch it again"


def test_full_disk_without_a_name_tells_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(Path.cwd())
    free = {folder: 0}
    monkeypatch.setattr(
        shutil, "disk_usage", lambda place: SimpleNamespace(free=free.get(str(place), 1 << 40))
    )
    with pytest.raises(SystemExit) as caught, user_errors("pack"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert f"device: {folder}; free" in str(caught.value)
