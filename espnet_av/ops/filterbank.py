"""Log-mel features at 100 Hz: the usual 80-band kind, and AV-HuBERT's 26-band filterbank."""

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.lengths import valid_mask
from espnet_av.rates import SAMPLE_RATE

WINDOW = 400
"""Samples per analysis window (25 ms at 16 kHz)."""
HOP = 160
"""Samples between windows (10 ms at 16 kHz)."""
NFFT = 512
"""Length of the Fourier transform."""
PREEMPHASIS = 0.97
"""First-order pre-emphasis of the AV-HuBERT filterbank."""
INT16_SCALE = 32768.0
"""AV-HuBERT computes its filterbank on 16-bit integers, not on [-1, 1]."""


def mel_edges(num_mels: int, fs: int = SAMPLE_RATE) -> Tensor:
    """Corner frequencies of `num_mels` triangles equally spaced in mel, (num_mels + 2,) in Hz."""
    top = 2595.0 * torch.log10(torch.tensor(1.0 + fs / 2 / 700.0, dtype=torch.float64))
    # The device is stated: where transformers has put its own linspace in for a while, torch no
    # longer knows it as a maker of tensors, and a meta device around does not reach it.
    mels = torch.linspace(0.0, 1.0, num_mels + 2, dtype=torch.float64, device=top.device) * top
    return 700.0 * (10.0 ** (mels / 2595.0) - 1.0)


def triangles(edges: Tensor, points: Tensor) -> Tensor:
    """Triangular filters over a frequency grid.

    Args:
        edges: (num_mels + 2,) corners, filter m rises from m to m + 1 and falls to m + 2.
        points: (F,) grid in the unit of `edges`.

    Returns:
        (F, num_mels) float32 weights in [0, 1].
    """
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    grid = points.to(torch.float64).unsqueeze(1)
    rise = (grid - left) / (centre - left)
    fall = (right - grid) / (right - centre)
    return torch.minimum(rise, fall).clamp(min=0.0).float()


def mel_filters(num_mels: int, fs: int = SAMPLE_RATE) -> Tensor:
    """(NFFT // 2 + 1, num_mels) triangles on the exact frequency of each FFT bin."""
    return triangles(mel_edges(num_mels, fs), torch.arange(NFFT // 2 + 1) * fs / NFFT)


def fbank_filters(num_mels: int = 26, fs: int = SAMPLE_RATE) -> Tensor:
    """(NFFT // 2 + 1, num_mels) triangles whose corners are rounded down to FFT bins.

    Corner floor((NFFT + 1) * hz / fs), as in the feature that AV-HuBERT was trained with. The
    falling side of a triangle starts at its centre bin, where both sides give 1.
    """
    corners = torch.floor((NFFT + 1) * mel_edges(num_mels, fs) / fs)
    return triangles(corners, torch.arange(NFFT // 2 + 1))


def power_spectrum(frames: Tensor) -> Tensor:
    """(..., WINDOW) windowed samples -> (..., NFFT // 2 + 1) squared magnitude."""
    spectrum = torch.fft.rfft(frames, n=NFFT)
    return spectrum.real.square() + spectrum.imag.square()


def log_mel(speech: Tensor, num_frames: int, window: Tensor, filters: Tensor) -> Tensor:
    """Log-mel energies, window n centred on samples [n * HOP, (n + 1) * HOP).

    Args:
        speech: (B, S) float, zero beyond each utterance.
        num_frames: windows wanted; samples beyond S are taken as zero.
        window: (WINDOW,) weights.
        filters: (NFFT // 2 + 1, num_mels).

    Returns:
        (B, num_frames, num_mels) natural log, floored at 1e-10.
    """
    side = (WINDOW - HOP) // 2
    needed = num_frames * HOP + side
    padded = F.pad(speech[:, :needed], (side, max(0, needed - speech.size(1))))
    frames = padded.unfold(1, WINDOW, HOP) * window
    return (power_spectrum(frames) @ filters).clamp(min=1e-10).log()


def av_hubert_fbank(speech: Tensor, lengths: Tensor, filters: Tensor) -> Tensor:
    """The 26-band log filterbank of AV-HuBERT (arXiv 2201.02184) on a padded batch.

    Rectangular 25 ms windows, 10 ms hop, pre-emphasis 0.97, power / NFFT, natural log, 16-bit
    scale. An utterance of 640 * T samples has 4 * T - 1 windows; frames beyond it are zero.

    Args:
        speech: (B, S) float in [-1, 1].
        lengths: (B,) int64 samples of each utterance.
        filters: from `fbank_filters`.

    Returns:
        (B, 4 * (S // 640), num_mels) float32.
    """
    num_frames = 4 * (speech.size(1) // (4 * HOP))
    samples = speech.float() * INT16_SCALE
    emphasised = torch.cat([samples[:, :1], samples[:, 1:] - PREEMPHASIS * samples[:, :-1]], dim=1)
    # The step down after the last sample is not part of the utterance.
    inside = valid_mask(lengths, speech.size(1), speech.device)
    emphasised = torch.where(inside, emphasised, 0.0)
    needed = (num_frames - 1) * HOP + WINDOW
    padded = F.pad(emphasised[:, :needed], (0, max(0, needed - speech.size(1))))
    energies = power_spectrum(padded.unfold(1, WINDOW, HOP)) / NFFT @ filters
    smallest = torch.finfo(torch.float64).eps
    features = torch.where(energies == 0, smallest, energies).log()
    windows = 1 + torch.div(lengths - WINDOW + HOP - 1, HOP, rounding_mode="floor")
    mask = valid_mask(windows.clamp(min=1), num_frames, speech.device)
    return torch.where(mask.unsqueeze(2), features, 0.0)
