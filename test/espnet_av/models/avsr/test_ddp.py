"""Two ranks that drop different modalities train together without unused-parameter search."""

import socket

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from oracles import av_batch
from torch.nn.parallel import DistributedDataParallel

from espnet_av.models.avsr import ModalityDropoutConfig

DROPOUT = ModalityDropoutConfig(drop_prob=1.0, audio_given_drop=0.5)


def train(rank, port, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"tcp://127.0.0.1:{port}", world_size=2, rank=rank)
    model = av_batch.model(modality_dropout=DROPOUT)
    parallel = DistributedDataParallel(model)
    optimizer, dropped = torch.optim.AdamW(model.parameters(), lr=1e-2), []
    model.frontend.audio.register_forward_pre_hook(lambda *_: dropped.append(step))
    for step in range(6):
        model.set_step(step, rank, seed=0)
        loss, stats, weight = parallel(**av_batch.batch(seed=10 * step + rank))
        # One gather per statistic, as ESPnet does: it hangs unless all ranks have the same names.
        for value in stats.values():
            dist.all_reduce(value * weight)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    torch.save({"model": model.state_dict(), "with_audio": dropped}, f"{folder}/{rank}.pth")
    dist.destroy_process_group()


@pytest.mark.timeout(120)
def test_ranks_that_drop_differently_stay_in_step(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mp.spawn(train, args=(port, str(tmp_path)), nprocs=2)
    one, two = (torch.load(tmp_path / f"{rank}.pth", weights_only=True) for rank in range(2))
    assert one["with_audio"] != two["with_audio"]
    start = av_batch.model().state_dict()
    learned = [key for key, value in start.items() if not key.endswith(STATISTICS)]
    for key in learned:
        assert torch.equal(one["model"][key], two["model"][key]), key
        assert not torch.equal(one["model"][key], start[key]), key


STATISTICS = ("running_mean", "running_var", "num_batches_tracked", "pe")
