"""Batch norm that keeps its statistics."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(module: nn.Module) -> None:
    """Puts every batch norm inside in evaluation: it uses its running statistics and keeps them.

    Scale and shift still learn. `module.train()` undoes it.
    """
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            part.eval()
