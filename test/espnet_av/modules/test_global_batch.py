"""Rows of all processes, here of one; two are tried where a model uses them."""

import socket

import pytest
import torch
from torch import distributed

from espnet_av.modules.global_batch import add_up, gather_rows, num_processes, share_of


@pytest.fixture
def alone():
    """A group of one process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", world_size=1, rank=0)
    yield
    distributed.destroy_process_group()


def test_without_a_group_there_is_one_process():
    assert num_processes() == 1


def test_rows_come_back_and_their_gradients_too(alone):
    assert num_processes() == 1
    rows = torch.randn(3, 2, requires_grad=True)
    share = share_of(3, rows.device)
    assert share == ((3,), 0)
    gathered = gather_rows(rows, share)
    assert torch.equal(gathered, rows)
    (gathered * torch.tensor([1.0, 2.0])).sum().backward()
    assert rows.grad.tolist() == [[1.0, 2.0]] * 3
    assert torch.equal(
        gather_rows(torch.tensor([4, 2]), share_of(2, rows.device)), torch.tensor([4, 2])
    )
    total = add_up(rows)
    assert torch.equal(total, rows)
    assert not total.requires_grad
