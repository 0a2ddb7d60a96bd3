"""Zero gradients for a branch that a training step leaves out."""

import torch
from torch import Tensor, nn


def zero_touch(module: nn.Module) -> Tensor:
    """A zero whose gradient for every parameter of `module` is zero.

    DistributedDataParallel waits for the gradient of every parameter; and an optimiser treats a
    missing gradient (no decay, no momentum) unlike a zero one, so that dropping a branch would
    change more than the features.
    """
    terms = [parameter.sum() * 0.0 for parameter in module.parameters() if parameter.requires_grad]
    return torch.stack(terms).sum() if terms else torch.zeros(())
