"""Batch norm of mouth frames, and batch norm that keeps its statistics."""

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from espnet_av.ops.batch_norm import channel_statistics, is_uneven, normalise_uneven


class FrameBatchNorm(nn.BatchNorm2d):
    """torch's, but that numbers of channels which torch is slow with take a faster way."""

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        if not is_uneven(input):
            return super().forward(input)
        assert self.running_mean is not None
        assert self.running_var is not None
        statistics = (self.running_mean, self.running_var)
        if self.training:
            statistics = channel_statistics(input.detach())
            self._move_average(*statistics, input.numel() // input.size(1))
        return normalise_uneven(
            input, self.weight, self.bias, *statistics, self.eps, of_x=self.training
        )

    @torch.no_grad()
    def _move_average(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """As torch: the running variance is the unbiased one."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)


def freeze_batch_norm(module: nn.Module) -> None:
    """Puts every batch norm inside in evaluation: it uses its running statistics and keeps them.

    Scale and shift still learn. `module.train()` undoes it.
    """
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            part.eval()
