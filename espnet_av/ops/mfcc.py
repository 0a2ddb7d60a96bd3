"""MFCC of the kind Kaldi computes, with deltas: the first targets of HuBERT and AV-HuBERT."""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.filterbank import HOP, NFFT, PREEMPHASIS, WINDOW, power_spectrum, triangles
from espnet_av.rates import SAMPLE_RATE

NUM_CEPS = 13
"""Cepstral coefficients, the zeroth included (energy is not used)."""
NUM_FEATURES = 3 * NUM_CEPS
"""13 coefficients, their deltas and the deltas of those."""
MFCC_HZ = 100
"""Frames a second; frame t covers samples 160 t to 160 t + 399."""

_NUM_MELS, _LOW_HZ = 23, 20.0
_LIFTER = 22.0
_DELTA_RADIUS = 2


def mfcc_with_deltas(speech: Tensor) -> Tensor:
    """13 MFCC with first and second deltas, equal to Kaldi's without dither.

    Args:
        speech: (S,) float in [-1, 1] at 16 kHz, one utterance without padding.

    Returns:
        (T, 39) float32 at 100 Hz, T = 1 + (S - 400) // 160, 0 if S < 400.
    """
    static = mfcc(speech)
    first = deltas(static)
    return torch.cat([static, first, deltas(first)], dim=1)


def mfcc(speech: Tensor) -> Tensor:
    """(S,) float in [-1, 1] at 16 kHz -> (T, 13) float32 at 100 Hz.

    25 ms Povey windows every 10 ms that lie wholly inside the utterance, mean removed, pre-emphasis
    0.97, 23 mel bands from 20 Hz, orthonormal DCT, lifter 22.
    """
    if speech.numel() < WINDOW:
        return speech.new_zeros(0, NUM_CEPS, dtype=torch.float32)
    frames = speech.float().unfold(0, WINDOW, HOP)
    frames = frames - frames.mean(1, keepdim=True)
    # Every window starts anew: its first sample is taken as its own predecessor.
    previous = torch.cat([frames[:, :1], frames[:, :-1]], dim=1)
    frames = (frames - PREEMPHASIS * previous) * _povey_window().to(frames.device)
    energies = power_spectrum(frames) @ _mel_filters().to(frames.device)
    floor = torch.finfo(torch.float32).eps
    return energies.clamp(min=floor).log() @ _liftered_dct().to(frames.device)


def deltas(features: Tensor) -> Tensor:
    """Regression slope over five frames, the first and last frame repeated; (T, D) -> (T, D)."""
    if len(features) == 0:
        return features
    radius = _DELTA_RADIUS
    # (T, D) -> (1, D, T + 2 radius)
    padded = F.pad(features.T.unsqueeze(0), (radius, radius), mode="replicate").squeeze(0)
    weights = torch.arange(-radius, radius + 1, dtype=features.dtype, device=features.device)
    # (D, T + 2 radius) -> (D, T, 5) -> (T, D)
    slopes = padded.unfold(1, 2 * radius + 1, 1) @ (weights / weights.square().sum())
    return slopes.T


@lru_cache(maxsize=1)
def _povey_window() -> Tensor:
    return torch.hann_window(WINDOW, periodic=False, dtype=torch.float64).pow(0.85).float()


@lru_cache(maxsize=1)
def _mel_filters() -> Tensor:
    """(NFFT // 2 + 1, 23) triangles that are straight in mel, not in Hz."""
    low, high = _mel(torch.tensor([_LOW_HZ, SAMPLE_RATE / 2], dtype=torch.float64))
    steps = torch.linspace(0.0, 1.0, _NUM_MELS + 2, dtype=torch.float64, device=low.device)
    bins = torch.arange(NFFT // 2 + 1, dtype=torch.float64) * SAMPLE_RATE / NFFT
    return triangles(low + steps * (high - low), _mel(bins))


@lru_cache(maxsize=1)
def _liftered_dct() -> Tensor:
    """(23, 13) orthonormal DCT-II, its columns weighted by the lifter."""
    mels = torch.arange(_NUM_MELS, dtype=torch.float64).unsqueeze(1)
    order = torch.arange(NUM_CEPS, dtype=torch.float64)
    basis = torch.cos(math.pi / _NUM_MELS * (mels + 0.5) * order) * math.sqrt(2.0 / _NUM_MELS)
    basis[:, 0] = math.sqrt(1.0 / _NUM_MELS)
    lifter = 1.0 + 0.5 * _LIFTER * torch.sin(math.pi * order / _LIFTER)
    return (basis * lifter).float()


def _mel(hertz: Tensor) -> Tensor:
    return 1127.0 * torch.log1p(hertz / 700.0)
