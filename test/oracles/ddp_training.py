"""One rank of a two-rank training run, importable by the processes that a test starts."""

import torch
import torch.distributed as dist
from oracles import av_batch, transducer
from torch.nn.parallel import DistributedDataParallel

from espnet_av.models.avsr import ModalityDropoutConfig

DROPOUT = ModalityDropoutConfig(drop_prob=1.0, audio_given_drop=0.5)


FAMILIES = {"avsr": av_batch, "transducer": transducer}


def train(rank, port, folder, family):
    """Six steps on batches of its own; weights and audio steps go to `<folder>/<rank>.pth`."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"tcp://127.0.0.1:{port}", world_size=2, rank=rank)
    model = FAMILIES[family].model(modality_dropout=DROPOUT)
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
