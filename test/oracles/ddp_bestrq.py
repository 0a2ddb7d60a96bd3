"""One rank of two in a training of BEST-RQ, importable by the processes that a test starts."""

import torch
import torch.distributed as dist
from oracles import bestrq
from torch.nn.parallel import DistributedDataParallel

WINDOW, NUM_UPDATES = 2, 3


def train(rank, port, folder):
    """Three updates of two micro-batches, each rank on its own sound; to `<folder>/<rank>.pth`.

    `given` has the codes of each micro-batch of this rank, (updates * 2, codebooks, entries).
    """
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"tcp://127.0.0.1:{port}", world_size=2, rank=rank)
    model = bestrq.model(usage_window=WINDOW, min_perplexity=1.0)
    given = []
    model.usage.register_forward_pre_hook(lambda _, args: given.append(args[0].clone()))
    parallel = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(2 * NUM_UPDATES):
        model.set_step(step, rank, seed=1)
        batch = bestrq.batch((40, 30), seed=10 * step + rank)
        if step % 2:
            loss, stats, _ = parallel(**batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        else:
            with parallel.no_sync():
                parallel(**batch)[0].backward()
    kept = {"given": torch.stack(given), "counts": model.usage.counts}
    kept |= {"running_perplexity": stats["running_perplexity"]}
    kept["weights"] = {name: weight.detach() for name, weight in model.named_parameters()}
    torch.save(kept, f"{folder}/{rank}.pth")
    dist.destroy_process_group()
