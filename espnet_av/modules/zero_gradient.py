"""Zero gradients for a branch that a training step leaves out."""

import torch
from torch import Tensor, nn


def zero_touch(module: nn.Module) -> Tensor:
    """A zero whose gradient for every parameter of `module` is zero.

    DistributedDataParallel waits for the gradient of every parameter; and an optimiser treats a
    missing gradient (no decay, no momentum) unlike a zero one, so that dropping a branch would
    change more than the features. Of a sharded parameter (FSDP2), each rank touches its shard.
    """
    learned = [parameter for parameter in module.parameters() if parameter.requires_grad]
    # A DTensor by what it offers: its class takes torch's compiler and sympy along.
    shards = [p.to_local() if hasattr(p, "to_local") else p for p in learned]
    terms = [shard.sum() * 0.0 for shard in shards]
    return torch.stack(terms).sum() if terms else torch.zeros(())
