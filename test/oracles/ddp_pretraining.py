"""One rank of two in pre-training, importable by the processes that a test starts."""

import torch
import torch.distributed as dist
from oracles import avhubert
from torch.nn.parallel import DistributedDataParallel

LENGTHS = ((9, 4), (6, 8))
"""Frames of the clips of each rank."""


def batch_of(rank):
    """The rank's own clips, under names of their own."""
    made = avhubert.batch(LENGTHS[rank], seed=rank)
    return {**made, "utt_id": [f"r{rank}-{name}" for name in made["utt_id"]]}


def gradients(rank, port, folder):
    """Masks of a training step, and loss and gradients of an evaluation; to `<folder>/<rank>.pth`.

    In evaluation masks depend on the utterance alone, so that one process can do the same.
    """
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"tcp://127.0.0.1:{port}", world_size=2, rank=rank)
    model = avhubert.model(unmasked_weight=1.0)
    masked = []
    model.units_head.register_forward_pre_hook(lambda _, args: masked.append(args[3]))
    model.set_step(5, rank, seed=1)
    model(**avhubert.batch((30, 30)))
    model.eval()
    parallel = DistributedDataParallel(model)
    loss, _, weight = parallel(**batch_of(rank))
    total = weight.clone()
    dist.all_reduce(total)
    # DDP averages gradients over ranks; the sum is wanted.
    (loss * weight * dist.get_world_size() / total).backward()
    grads = {name: p.grad for name, p in model.named_parameters()}
    summed = (loss * weight).detach()
    dist.all_reduce(summed)
    torch.save(
        {"loss": summed / total, "grads": grads, "masked": masked[0]}, f"{folder}/{rank}.pth"
    )
    dist.destroy_process_group()
