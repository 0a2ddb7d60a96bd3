"""Two processes: the pairs of both are each other's negatives, as in one batch of all."""

import socket

import pytest
import torch
import torch.multiprocessing as mp
from oracles.av_mae import joined
from oracles.ddp_av_mae import batch_of, gradients, model

OF_THE_BATCH = ("speech_of_mean", "film_of_mean")
"""Ratios to the mean of each batch, which is another one for each process."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("losses", ["mae+clr", "clr"])
def test_two_processes_give_the_loss_and_gradient_of_one(losses, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(gradients, args=(port, str(tmp_path), losses), nprocs=2)
    ranks = [torch.load(tmp_path / f"{rank}.pth", weights_only=True) for rank in range(2)]
    whole = model(losses)
    loss, stats, weight = whole(**joined(batch_of(0), batch_of(1)))
    loss.backward()
    assert weight == 5
    for rank in ranks:
        for name in stats.keys() - set(OF_THE_BATCH):
            found, value = rank["means"][name], stats[name].item()
            assert found == pytest.approx(value, rel=1e-4, nan_ok=True), name
        for name, parameter in whole.named_parameters():
            torch.testing.assert_close(
                rank["grads"][name], parameter.grad, rtol=1e-3, atol=1e-5, msg=name
            )
    # In validation each batch is for itself: others may have other ones, or the same again.
    for rank, found in enumerate(ranks):
        alone = model(losses).eval()(**batch_of(rank))[0]
        assert found["evaluated"].item() == pytest.approx(alone.item(), rel=1e-5)
