"""Two ranks that drop different modalities train together without unused-parameter search."""

import socket

import pytest
import torch
import torch.multiprocessing as mp
from oracles.ddp_training import FAMILIES, train

STATISTICS = ("running_mean", "running_var", "num_batches_tracked", "pe")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("family", FAMILIES)
def test_ranks_that_drop_differently_stay_in_step(family, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(train, args=(port, str(tmp_path), family), nprocs=2)
    one, two = (torch.load(tmp_path / f"{rank}.pth", weights_only=True) for rank in range(2))
    assert one["with_audio"] != two["with_audio"]
    start = FAMILIES[family].model().state_dict()
    learned = [key for key, value in start.items() if not key.endswith(STATISTICS)]
    for key in learned:
        assert torch.equal(one["model"][key], two["model"][key]), key
        assert not torch.equal(one["model"][key], start[key]), key
