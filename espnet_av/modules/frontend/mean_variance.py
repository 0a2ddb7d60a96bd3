"""Normalisation of log-mel features as in ESPnet, without a trace of the padding."""

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.ops.lengths import valid_mask

_TINY = 1e-20
"""Smallest deviation that is divided by."""


class GlobalMVN(nn.Module):
    """By mean and standard deviation of a training set, which are part of the weights.

    Args:
        size: D.
        norm_means: whether the mean is taken away.
        norm_vars: whether the result is divided by the deviation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, norm_means: bool, norm_vars: bool) -> None:
        super().__init__()
        self.norm_means, self.norm_vars = norm_means, norm_vars
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.full((size,), float("nan")))
        self._is_checked = False

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, D), (B,) int64 -> (B, T, D), zero beyond each length.

        Raises:
            ConfigError: no statistics were loaded.
        """
        self._check()
        if self.norm_means:
            features = features - self.mean
        inside = valid_mask(lengths, features.size(1), features.device).unsqueeze(2)
        features = torch.where(inside, features, 0.0)
        return features / self.std if self.norm_vars else features

    def _check(self) -> None:
        """Once only: the device has to answer."""
        if not self._is_checked and bool(self.std.isnan().any()):
            msg = (
                "normalize: global_mvn has no statistics; they come with the weights of a "
                "converted model (init_param), or take normalize: utterance_mvn"
            )
            raise ConfigError(msg)
        self._is_checked = True


class UtteranceMVN(nn.Module):
    """By mean and standard deviation of each utterance.

    Args:
        norm_means: whether the mean is taken away.
        norm_vars: whether the result is divided by the deviation.
    """

    def __init__(self, norm_means: bool, norm_vars: bool) -> None:
        super().__init__()
        self.norm_means, self.norm_vars = norm_means, norm_vars

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, D), (B,) int64 -> (B, T, D), zero beyond each length."""
        inside = valid_mask(lengths, features.size(1), features.device).unsqueeze(2)
        count = lengths.to(features.device, features.dtype, non_blocking=True)[:, None, None]
        features = torch.where(inside, features, 0.0)
        mean = features.sum(dim=1, keepdim=True) / count
        centred = torch.where(inside, features - mean, 0.0)
        features = centred if self.norm_means else features
        if self.norm_vars:
            variance = centred.square().sum(dim=1, keepdim=True) / count
            features = features / variance.sqrt().clamp(min=_TINY)
        return features
