"""Parameters, gradients and moments of a model spread over the processes (FSDP2)."""

from __future__ import annotations

from torch import nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard


def shard(model: nn.Module, mesh: DeviceMesh) -> None:
    """Shard every layer of the encoder and decoder, and the rest of the model as one.

    A layer's parameters are whole only while it runs, so a process holds one layer and its share of
    the others. Front ends are no layers: a batch without video leaves the eye out on one process
    only, and a part sharded by itself would wait there for the others for ever.
    """
    for layer in _layers(model):
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)


def _layers(model: nn.Module) -> list[nn.Module]:
    """Members of the lists of layers of encoder and decoder, under our names and ESPnet's."""
    lists = [
        child
        for name, part in model.named_children()
        for child_name, child in part.named_children()
        if name in ("encoder", "decoder") and child_name in ("layers", "encoders", "decoders")
    ]
    return [layer for child in lists for layer in child.children()]
