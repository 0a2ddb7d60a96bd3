"""What programs do with the mistakes of users and the faults of machines."""

from __future__ import annotations

import errno
import os

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
