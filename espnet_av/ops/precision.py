"""Full precision inside a step that otherwise runs in half."""

from contextlib import AbstractContextManager

import torch


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Switches autocast off.

    Args:
        device: of the tensors; they must be cast to float32 by the caller. The meta device, which
            only has shapes, has no autocast of its own and goes with the CPU's.
    """
    return torch.autocast("cpu" if device.type == "meta" else device.type, enabled=False)
