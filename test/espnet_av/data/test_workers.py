"""Loading processes: as many as there is room for; one that fails ends, and nobody waits."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import threading

import pytest
import torch

from espnet_av.data import workers
from espnet_av.data.batch import Batch
from espnet_av.data.workers import (
    Workers,
    explain_loss,
    explained,
    largest_batch_bytes,
    worker_loader,
)
from espnet_av.errors import DataLoadingError

WANTED = Workers(num=4, prefetch=4)
LIMIT_SEC = 120
"""Of a loader that would otherwise wait for ever."""


@pytest.fixture
def room(monkeypatch):
    """Set what is free: bytes of shared memory (None: there is none), and open files."""

    def change(free_bytes=10**12, files=10**6):
        monkeypatch.setattr(workers, "_free_bytes", lambda: free_bytes)
        monkeypatch.setattr(workers, "_file_limit", lambda: files)

    return change


def test_as_many_as_asked_for_where_there_is_room(room, caplog):
    room()
    assert WANTED.fitting(10**6) == WANTED
    room(free_bytes=None)
    assert WANTED.fitting(10**12) == WANTED
    assert not caplog.text


@pytest.mark.parametrize(
    ("megabytes", "num_sharing", "expected"),
    [
        (21, 1, WANTED),
        (20, 1, Workers(num=4, prefetch=3)),
        (11, 1, Workers(num=4, prefetch=1)),
        (6, 1, Workers(num=2, prefetch=1)),
        (3, 1, Workers(num=0, prefetch=1)),
        (0.1, 1, Workers(num=0, prefetch=1)),
        (40, 2, Workers(num=4, prefetch=3)),
    ],
)
def test_fewer_where_shared_memory_is_small(megabytes, num_sharing, expected, room, caplog):
    room(free_bytes=int(megabytes * 1e6))
    with caplog.at_level(logging.WARNING):
        assert WANTED.fitting(10**6, num_sharing) == expected
    said = f"/dev/shm has {megabytes:.1f} MB free" in caplog.text
    assert said == (expected != WANTED)


def test_fewer_where_few_files_may_be_open(room, caplog):
    room(files=256)
    assert WANTED.fitting(1).num_batches == 8
    assert "256 open files are allowed (ulimit -n)" in caplog.text
    room(files=100)
    assert WANTED.fitting(1).num == 0
    assert Workers(num=0).fitting(1) == Workers(num=0)


def test_the_soft_limit_of_open_files_is_raised():
    script = (
        "import resource as r; from espnet_av.data.workers import Workers; "
        "Workers(num=1).fitting(1); print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    command = f'ulimit -S -n 200; exec "{sys.executable}" -c "{script}"'
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert int(result.stdout) == min(hard if hard > 0 else 1 << 16, 1 << 16)


def test_bytes_of_the_largest_batch():
    assert largest_batch_bytes(100, [10, 30], 88 * 88) == 100 * (2560 + 7744 + 32)
    assert largest_batch_bytes(100, [10, 300], 0) == 300 * (2560 + 32)
    assert largest_batch_bytes(100, [], 64, with_audio=False) == 100 * (64 + 32)
    assert largest_batch_bytes(100, [], 0, more_bytes=10**4) == 100 * (2560 + 32 + 10**4)


class Numbers(torch.utils.data.Dataset):
    def __getitem__(self, index):
        return index


def collate(items):
    return Batch(utt_id=[str(i) for i in items], speech=torch.tensor(items), text=torch.zeros(0))


def load(collate, **more):
    plan = [[0, 1], [2, 3], [4]]
    loader = worker_loader(Numbers(), plan, collate, Workers(num=2), timeout=LIMIT_SEC, **more)
    return list(explained(loader))


def in_worker():
    return torch.utils.data.get_worker_info() is not None


def test_batches_come_in_order_and_in_shared_memory():
    batches = load(collate)
    assert [batch.speech.tolist() for batch in batches] == [[0, 1], [2, 3], [4]]
    assert all(batch.speech.is_shared() for batch in batches)
    alone = list(worker_loader(Numbers(), [[0, 1]], collate, Workers(num=0)))
    assert not alone[0].speech.is_shared()


class Failing(Batch):
    """Fails on its way out of a worker: see `how`."""

    how = ""

    def share_memory(self):
        if self.how == "no room":
            raise RuntimeError(
                "unable to allocate shared memory(shm) for file </t_1>: Resource (11)"
            )

    def __reduce__(self):
        # In the thread of the queue.
        if self.how == "queue" and in_worker():
            raise OSError(24, os.strerror(24))
        return super().__reduce__()


def failing(how):
    def make(items):
        if how == "thread":
            # As the one that hands over files does.
            thread = threading.Thread(target=lambda: sys.excepthook(OSError, OSError(24), None))
            thread.start()
            thread.join()
        if how == "bus":
            os.kill(os.getpid(), 7)
        batch = Failing(utt_id=["a"])
        object.__setattr__(batch, "how", how)
        return batch

    return make


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no room", r"no room in shared memory \(/dev/shm.*--shm-size 8g.*num_workers 0 needs non"),
        ("bus", r"no room in shared memory"),
        ("queue", r"a data-loading process died .*exited unexpectedly"),
        ("thread", r"a data-loading process died .*exited unexpectedly"),
    ],
)
def test_a_worker_that_cannot_hand_over_is_an_error(how, message):
    with pytest.raises(DataLoadingError, match=message):
        load(failing(how))


def test_errors_of_another_kind_stay_what_they_are():
    def broken(items):
        raise RuntimeError("the model is wrong")

    with pytest.raises(RuntimeError, match="the model is wrong"):
        load(broken)
    assert explain_loss(RuntimeError("CUDA out of memory")) is None
    for gone in (ConnectionResetError(104, "Connection reset by peer"), EOFError()):
        assert "died while it handed over a batch" in (explain_loss(gone) or "")
    for text in ("received 0 items of ancdata", "[Errno 24] Too many open files"):
        message = explain_loss(RuntimeError(text))
        assert message is not None
        assert "too many files open; raise the limit (ulimit -n 65536)" in message


def test_workers_that_ignore_signals_do_not_outlive_the_process():
    script = """
import signal, torch
from espnet_av.data.workers import Workers, worker_loader
class Numbers(torch.utils.data.Dataset):
    def __getitem__(self, index):
        return index
class Items(list):
    def share_memory(self):
        pass
def ignore(number):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
loader = worker_loader(Numbers(), [[n] for n in range(99)], Items, Workers(num=2), on_start=ignore)
kept = iter(loader)
kept.myself = kept
print(next(kept))
"""
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SEC, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "[0]\n", "")
