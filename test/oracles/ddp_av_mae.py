"""One rank of two in masked and contrastive pre-training, importable by spawned processes."""

from datetime import timedelta

import torch
import torch.distributed as dist
from oracles import av_mae
from torch.nn.parallel import DistributedDataParallel

from espnet_av.modules.frontend.batch_norm import freeze_batch_norm
from espnet_av.modules.step_noise import StepNoise

LENGTHS = ((10, 7), (6, 9, 8))
"""Frames at 25 Hz of the utterances of each rank."""


def batch_of(rank):
    """The rank's own pairs, under names of their own."""
    return av_mae.batch(LENGTHS[rank], seed=rank, name=f"r{rank}-")


def model(losses):
    """In training, but for what a process draws or measures of its own batch."""
    made = av_mae.model(losses=losses)
    freeze_batch_norm(made)
    made.step_noise = lambda device, utt_id: StepNoise(None, torch.device("cpu"), False, utt_id)
    return made


def gradients(rank, port, folder, losses):
    """Loss, statistics and gradients of a training step; to `<folder>/<rank>.pth`."""
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    # A process that waits for a call that the other does not make is to fail.
    dist.init_process_group("gloo", address, timedelta(seconds=60), world_size=2, rank=rank)
    parallel = DistributedDataParallel(model(losses))
    loss, stats, weight = parallel(**batch_of(rank))
    total = weight.clone()
    dist.all_reduce(total)
    # DDP averages gradients over ranks; the sum is wanted.
    (loss * weight * dist.get_world_size() / total).backward()
    sums = stats.totals.clone()
    dist.all_reduce(sums)
    evaluated = parallel.module.eval()(**batch_of(rank))[0].detach()
    kept = {"grads": {name: p.grad for name, p in parallel.module.named_parameters()}}
    kept["means"] = dict(zip(stats, (sums[0] / sums[1]).tolist(), strict=True))
    torch.save({**kept, "evaluated": evaluated}, f"{folder}/{rank}.pth")
    dist.destroy_process_group()
