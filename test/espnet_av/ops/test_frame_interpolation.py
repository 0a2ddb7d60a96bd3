"""Features between frames, against numpy's interpolation of each channel."""

import numpy as np
import torch

from espnet_av.ops.frame_interpolation import interpolate_frames


def test_each_channel_is_interpolated_within_its_utterance():
    torch.manual_seed(0)
    features, lengths = torch.randn(3, 7, 4), torch.tensor([7, 4, 1])
    positions = torch.tensor([-0.3, 0.0, 0.25, 1.5, 2.999, 3.0, 3.4, 6.0, 8.2], dtype=torch.float64)
    features[1, 4:] = float("nan")
    features[2, 1:] = float("nan")
    found = interpolate_frames(features, lengths, positions)
    assert found.shape == (3, 9, 4)
    for row, length in enumerate(lengths.tolist()):
        for channel in range(4):
            known = features[row, :length, channel].double().numpy()
            expected = np.interp(positions.numpy(), np.arange(length), known)
            assert np.allclose(found[row, :, channel].numpy(), expected, atol=1e-6)


def test_frames_themselves_are_unchanged_and_learn():
    features = torch.randn(2, 5, 3, requires_grad=True)
    found = interpolate_frames(features, torch.tensor([5, 5]), torch.arange(5).double())
    assert torch.equal(found, features)
    interpolate_frames(features, torch.tensor([5, 5]), torch.tensor([1.25])).sum().backward()
    assert torch.allclose(features.grad[:, :, 0], torch.tensor([0.0, 0.75, 0.25, 0.0, 0.0]))
