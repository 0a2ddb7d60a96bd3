"""MFCC with deltas against torchaudio's Kaldi-compatible ones."""

import pytest
import torch
import torchaudio
from torchaudio.compliance import kaldi

from espnet_av.ops.mfcc import deltas, mfcc, mfcc_with_deltas


def wave(size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 0.05 * torch.randn(size, generator=generator) + 0.3 * torch.sin(
        torch.arange(size) * 0.05
    )


def reference(speech):
    static = kaldi.mfcc(speech[None], sample_frequency=16000, use_energy=False).T
    first = torchaudio.functional.compute_deltas(static)
    second = torchaudio.functional.compute_deltas(first)
    return torch.cat([static, first, second]).T


@pytest.mark.parametrize("size", [400, 559, 560, 4000, 16123])
def test_equals_torchaudio(size):
    expected = reference(wave(size))
    assert expected.shape == (1 + (size - 400) // 160, 39)
    assert torch.allclose(mfcc_with_deltas(wave(size)), expected, atol=1e-3)


def test_silence_is_finite_and_equals_torchaudio():
    got = mfcc_with_deltas(torch.zeros(1600))
    assert torch.allclose(got, reference(torch.zeros(1600)), atol=1e-3)
    assert got[:, 13:].abs().max() < 1e-4


def test_speech_shorter_than_a_window_has_no_frame():
    assert mfcc(wave(399)).shape == (0, 13)
    assert mfcc_with_deltas(wave(399)).shape == (0, 39)


def test_deltas_are_slopes():
    line = torch.arange(8.0).unsqueeze(1) * torch.tensor([[1.0, -3.0]])
    got = deltas(line)
    assert torch.allclose(got[2:-2], torch.tensor([1.0, -3.0]).expand(4, 2))
    # By hand: (1 * (1 - 0) + 2 * (2 - 0)) / 10 at the repeated edge.
    assert got[0].tolist() == pytest.approx([0.5, -1.5])
