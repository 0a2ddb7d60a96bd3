"""Full precision inside a step that otherwise runs in half."""

from contextlib import AbstractContextManager, nullcontext

import torch


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Switches autocast off; the meta device, which only has shapes, knows no autocast.

    Args:
        device: of the tensors; they must be cast to float32 by the caller.
    """
    if device.type == "meta":
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
