"""Batch norm over time whose statistics leave padding out."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MaskedBatchNorm(nn.BatchNorm1d):
    """As torch's `BatchNorm1d`, over the frames that exist: padding changes nothing.

    Args:
        num_features: C.
    """

    def forward(self, input: Tensor, valid: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            input: (B, C, T) float.
            valid: (B, 1, T) bool, True = frame; None: all are.

        Returns:
            (B, C, T), zero where there is no frame.
        """
        if valid is None:
            return super().forward(input)
        if self.training:
            x = input.float()
            count = valid.sum()
            mean = torch.where(valid, x, 0.0).sum(dim=(0, 2)) / count
            centred = torch.where(valid, x - mean[:, None], 0.0)
            variance = centred.square().sum(dim=(0, 2)) / count
            self._remember(mean.detach(), variance.detach(), count)
        else:
            assert self.running_mean is not None and self.running_var is not None
            mean, variance = self.running_mean, self.running_var
        scale = self.weight * (variance + self.eps).rsqrt()
        normed = (input - mean[:, None]) * scale[:, None] + self.bias[:, None]
        return torch.where(valid, normed, 0.0)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Running statistics as torch keeps them: variance without bias."""
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        unbiased = variance * (count / (count - 1).clamp(min=1))
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)
