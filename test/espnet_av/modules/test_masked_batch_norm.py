"""Batch norm over valid frames against torch's on frames without padding."""

import pytest
import torch

from espnet_av.modules.frontend.batch_norm import freeze_batch_norm
from espnet_av.modules.masked_batch_norm import MaskedBatchNorm


@pytest.mark.parametrize("training", [True, False])
def test_equals_torch_on_the_frames_alone(training):
    torch.manual_seed(0)
    ours, theirs = MaskedBatchNorm(4), torch.nn.BatchNorm1d(4)
    for norm in (ours, theirs):
        torch.nn.init.constant_(norm.weight, 1.5)
        norm.train(training)
    x = torch.randn(2, 4, 7)
    valid = torch.tensor([7, 3])[:, None, None] > torch.arange(7)[None, None]
    packed = torch.cat([x[0].T, x[1, :, :3].T])
    for _ in range(2):
        found, expected = ours(x, valid), theirs(packed)
    assert torch.allclose(found[0].T, expected[:7], atol=1e-6)
    assert torch.allclose(found[1, :, :3].T, expected[7:], atol=1e-6)
    assert not found[1, :, 3:].any()
    for name, value in theirs.state_dict().items():
        assert torch.allclose(ours.state_dict()[name].double(), value.double(), atol=1e-6), name


def test_without_padding_it_is_torchs():
    ours, theirs, x = MaskedBatchNorm(3), torch.nn.BatchNorm1d(3), torch.randn(2, 3, 5)
    assert torch.equal(ours(x), theirs(x))


def test_a_single_frame_and_frozen_statistics():
    norm = MaskedBatchNorm(2)
    valid = torch.tensor([[[True, False]]])
    assert norm(torch.randn(1, 2, 2), valid).isfinite().all()
    assert norm.running_var.isfinite().all()
    freeze_batch_norm(norm)
    before = norm.running_mean.clone()
    norm(torch.randn(1, 2, 2), valid)
    assert torch.equal(norm.running_mean, before)
