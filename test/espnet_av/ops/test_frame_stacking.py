"""Frame stacking against slices."""

import pytest
import torch

from espnet_av.ops.frame_stacking import stack_frames


@pytest.mark.parametrize("length", [0, 1, 4, 7, 8])
def test_stacks_four_and_pads_with_zeros(length):
    x = torch.randn(2, length, 3)
    stacked = stack_frames(x, 4)
    assert stacked.shape == (2, -(-length // 4), 12)
    padded = torch.cat([x, torch.zeros(2, 4, 3)], dim=1)
    for t in range(stacked.size(1)):
        expected = torch.cat([padded[:, 4 * t + i] for i in range(4)], dim=1)
        assert torch.equal(stacked[:, t], expected)
