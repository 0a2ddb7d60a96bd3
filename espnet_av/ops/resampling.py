"""Another sampling rate, by a sinc under a Hann window."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_ZERO_CROSSINGS = 6
"""Of the sinc, on each side of its peak."""
_ROLLOFF = 0.99
"""Cut-off frequency, of the lower of the two Nyquist frequencies."""


def resample(waves: Tensor, rate: int, new_rate: int) -> Tensor:
    """Waves as if sampled at another rate; the values of `torchaudio.functional.resample`.

    Args:
        waves: (..., S) float.
        rate: that of the waves.
        new_rate: the wanted one; in lowest terms, small numbers take less time.

    Returns:
        (..., ceil(S * new_rate / rate)), of the dtype of the waves.
    """
    divisor = math.gcd(rate, new_rate)
    rate, new_rate = rate // divisor, new_rate // divisor
    if rate == new_rate:
        return waves
    filters, reach = _filters(rate, new_rate, waves)
    size = waves.size(-1)
    flat = F.pad(waves.reshape(waves.shape[:-1].numel(), size), (reach, reach + rate))
    # Samples n, n + new_rate, ... of the result come from one filter: (B, new_rate, steps).
    parts = F.conv1d(flat[:, None], filters, stride=rate)
    joined = parts.transpose(1, 2).flatten(1)
    wanted = -(-new_rate * size // rate)
    return joined[:, :wanted].reshape(*waves.shape[:-1], wanted)


def _filters(rate: int, new_rate: int, waves: Tensor) -> tuple[Tensor, int]:
    """(new_rate, 1, W) filters, one for each phase, and how far they reach to each side."""
    cutoff = min(rate, new_rate) * _ROLLOFF
    reach = math.ceil(_ZERO_CROSSINGS * rate / cutoff)
    samples = torch.arange(-reach, reach + rate).to(waves)[None, None] / rate
    phases = torch.arange(0, -new_rate, -1).to(waves)[:, None, None] / new_rate
    times = ((phases + samples) * cutoff).clamp(-_ZERO_CROSSINGS, _ZERO_CROSSINGS)
    window = torch.cos(times * math.pi / _ZERO_CROSSINGS / 2) ** 2
    angles = times * math.pi
    sinc = torch.where(angles == 0, torch.ones_like(angles), angles.sin() / angles)
    return sinc * (window * (cutoff / rate)), reach
