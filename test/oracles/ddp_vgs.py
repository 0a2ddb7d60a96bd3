"""One rank of two in grounding, importable by the processes that a test starts."""

from datetime import timedelta

import torch
import torch.distributed as dist
from oracles import vgs
from torch.nn.parallel import DistributedDataParallel

from espnet_av.modules.frontend.batch_norm import freeze_batch_norm
from espnet_av.modules.step_noise import StepNoise

LENGTHS = ((9, 4), (6, 8, 12))
"""Frames at 25 Hz of the utterances of each rank."""
IMAGES = ((0, 1), (0, 2, 3))
"""What they are about: image 0 is spoken of on both."""


def batch_of(rank):
    """The rank's own pairs, under names of their own."""
    made = vgs.batch(LENGTHS[rank], images=IMAGES[rank], seed=rank)
    return {**made, "utt_id": [f"r{rank}-{name}" for name in made["utt_id"]]}


def joined(first, second):
    """One padded batch of two."""
    both = {"utt_id": first["utt_id"] + second["utt_id"]}
    for key in first.keys() - {"utt_id"}:
        longest = max(part[key].size(1) if part[key].dim() > 1 else 0 for part in (first, second))
        parts = []
        for part in (first[key], second[key]):
            missing = [0, 0] * (part.dim() - 2) + [0, longest - part.size(1)] if longest else []
            parts.append(torch.nn.functional.pad(part, missing) if missing else part)
        both[key] = torch.cat(parts)
    return both


def model(**changes):
    """In training, but for what a process draws or measures of its own batch."""
    made = vgs.model(unmasked_weight=0.5, **changes)
    freeze_batch_norm(made)
    made.step_noise = lambda device, utt_id: StepNoise(None, device, False, utt_id)
    return made


def gradients(rank, port, folder, changes):
    """Loss, statistics and gradients of a training step; to `<folder>/<rank>.pth`."""
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    # A process that waits for a call that the other does not make is to fail.
    dist.init_process_group("gloo", address, timedelta(seconds=60), world_size=2, rank=rank)
    parallel = DistributedDataParallel(model(**changes))
    loss, stats, weight = parallel(**batch_of(rank))
    total = weight.clone()
    dist.all_reduce(total)
    # DDP averages gradients over ranks; the sum is wanted.
    (loss * weight * dist.get_world_size() / total).backward()
    sums = stats.totals.clone()
    dist.all_reduce(sums)
    evaluated = parallel.module.eval()(**batch_of(rank))[0].detach()
    torch.save(
        {
            "grads": {name: p.grad for name, p in parallel.module.named_parameters()},
            "means": dict(zip(stats, (sums[0] / sums[1]).tolist(), strict=True)),
            "evaluated": evaluated,
        },
        f"{folder}/{rank}.pth",
    )
    dist.destroy_process_group()
