"""The features penalty against a loop over the frames that exist."""

import pytest
import torch

from espnet_av.ops.feature_penalty import feature_penalty


def loop_penalty(features, valid):
    values = [
        value
        for row, exists in zip(features.tolist(), valid.tolist(), strict=True)
        for frame, counts in zip(row, exists, strict=True)
        if counts
        for value in frame
    ]
    return sum(value * value for value in values) / len(values)


def draw(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(3, 7, 5, generator=generator).to(dtype)
    return features, torch.arange(7) < torch.tensor([[7], [3], [0]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_it_is_the_mean_square_of_a_loop(dtype):
    features, valid = draw(dtype)
    found = feature_penalty(features, valid)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(loop_penalty(features, valid), rel=1e-5)


def test_squares_beyond_half_precision_do_not_overflow():
    features = torch.full((1, 2, 3), 300.0, dtype=torch.float16)
    assert feature_penalty(features, torch.ones(1, 2, dtype=torch.bool)).item() == 90000.0


def test_padding_counts_for_nothing_whatever_it_holds():
    features, valid = draw()
    expected = feature_penalty(features, valid)
    features[~valid] = float("nan")
    assert torch.equal(feature_penalty(features, valid), expected)
    wide = torch.nn.functional.pad(features, (0, 0, 0, 4), value=float("inf"))
    padded = feature_penalty(wide, torch.nn.functional.pad(valid, (0, 4)))
    assert padded.item() == pytest.approx(expected.item(), rel=1e-6)


def test_gradient_is_that_of_the_formula_and_zero_on_padding():
    features, valid = draw()
    features.requires_grad_()
    feature_penalty(features, valid).backward()
    expected = 2 * features.detach() * valid.unsqueeze(2) / (valid.sum() * features.size(2))
    assert torch.allclose(features.grad, expected)


def test_without_frames_it_is_zero_with_gradient_zero():
    features = draw()[0].requires_grad_()
    penalty = feature_penalty(features, torch.zeros(3, 7, dtype=torch.bool))
    penalty.backward()
    assert penalty.item() == 0.0
    assert not features.grad.any()
