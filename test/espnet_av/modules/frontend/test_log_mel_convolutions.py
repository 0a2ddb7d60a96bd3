"""Both ways of four windows to one frame by convolutions: number of frames, padding, reach."""

import pytest
import torch

from espnet_av.modules.frontend.log_mel import LogMelConfig, LogMelFrontend


@pytest.mark.parametrize("subsampling", ["conv2d", "conv1d"])
def test_frames_and_padding(subsampling):
    torch.manual_seed(0)
    made = LogMelFrontend(LogMelConfig(num_mels=8, subsampling=subsampling, channels=6), 5).eval()
    speech, lengths = torch.randn(2, 640 * 9), torch.tensor([640 * 9, 640 * 4 + 100])
    features, frames = made(speech, lengths)
    assert features.shape == (2, 9, 5) and frames.tolist() == [9, 4]
    alone, _ = made(speech[1:, : 640 * 4 + 100], lengths[1:])
    assert torch.allclose(features[1, :4], alone[0, :4], atol=1e-5)


@pytest.mark.parametrize("subsampling", ["conv2d", "conv1d"])
def test_a_frame_sees_no_window_after_its_own_four(subsampling):
    made = LogMelFrontend(LogMelConfig(num_mels=8, subsampling=subsampling, channels=6), 5).eval()
    mels, lengths = torch.randn(1, 36, 8), torch.tensor([9])
    changed = mels.clone()
    changed[:, 20:] = 0.0
    same = (made.embed(mels, lengths) == made.embed(changed, lengths)).all(dim=2)[0]
    assert same.tolist() == [True] * 5 + [False] * 4


def test_over_time_alone_it_is_torchs_convolution():
    made = LogMelFrontend(LogMelConfig(num_mels=8, subsampling="conv1d", channels=6), 5).eval()
    mels = torch.randn(1, 12, 8)
    first, second = made.subsample.conv1, made.subsample.conv2
    hidden = second(first(mels.transpose(1, 2)).relu()).relu().transpose(1, 2)
    assert torch.allclose(made.embed(mels, torch.tensor([3])), made.project(hidden), atol=1e-6)
    assert first.weight.shape == (6, 8, 3)
