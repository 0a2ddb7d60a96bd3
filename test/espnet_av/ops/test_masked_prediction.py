"""Cosine logits and the sums over masked and visible frames against loops."""

import math

import pytest
import torch

from espnet_av.ops.masked_prediction import MaskedPrediction, cosine_logits, masked_prediction

NUM_FRAMES, NUM_UNITS = 9, 4


def draw():
    generator = torch.Generator().manual_seed(0)
    logits = 2.0 * torch.randn(NUM_FRAMES, NUM_UNITS, generator=generator)
    labels = torch.randint(0, NUM_UNITS, (NUM_FRAMES,), generator=generator)
    labels[torch.tensor([2, 5])] = -1
    return logits, labels, torch.tensor([1, 1, 1, 0, 0, 0, 1, 0, 1], dtype=torch.bool)


def loop_sums(logits, labels, masked):
    """In the order of the fields."""
    sums = {key: [0.0, 0, 0] for key in (True, False)}
    for scores, label, hidden in zip(*(x.tolist() for x in (logits, labels, masked)), strict=True):
        if label < 0:
            continue
        total = math.log(sum(math.exp(score) for score in scores))
        sums[hidden][0] += total - scores[label]
        sums[hidden][1] += scores.index(max(scores)) == label
        sums[hidden][2] += 1
    return [sums[hidden][i] for i in range(3) for hidden in (True, False)]


def listed(found: MaskedPrediction):
    return [value.item() for value in found]


def test_sums_are_those_of_a_loop():
    logits, labels, masked = draw()
    found = masked_prediction(logits, labels, masked)
    assert listed(found) == pytest.approx(loop_sums(logits, labels, masked), rel=1e-5)
    assert found.num_masked == 4 and found.num_unmasked == 3, "two have no label"


@pytest.mark.parametrize("hidden", [True, False])
def test_all_or_none_masked(hidden):
    logits, labels, _ = draw()
    masked = torch.full((NUM_FRAMES,), hidden)
    found = listed(masked_prediction(logits, labels, masked))
    assert found == pytest.approx(loop_sums(logits, labels, masked), rel=1e-5)
    assert found[1 if hidden else 0 :: 2] == [0.0, 0.0, 0.0]


def test_no_frames_and_no_labels_sum_to_zero_with_gradient_zero():
    logits, labels, masked = draw()
    assert listed(masked_prediction(logits[:0], labels[:0], masked[:0])) == [0.0] * 6
    logits.requires_grad_()
    found = masked_prediction(logits, torch.full_like(labels, -1), masked)
    (found.loss_masked + found.loss_unmasked).backward()
    assert listed(found) == [0.0] * 6
    assert not logits.grad.any()


def test_only_labelled_frames_of_the_kind_get_a_gradient():
    logits, labels, masked = draw()
    logits.requires_grad_()
    masked_prediction(logits, labels, masked).loss_masked.backward()
    learns = masked & (labels >= 0)
    onehot = torch.nn.functional.one_hot(labels.clamp(min=0), NUM_UNITS)
    expected = (logits.detach().softmax(1) - onehot) * learns[:, None]
    assert torch.allclose(logits.grad, expected, atol=1e-6)


def test_logits_are_cosines_over_the_temperature():
    generator = torch.Generator().manual_seed(1)
    x, units = torch.randn(5, 3, generator=generator), torch.randn(4, 3, generator=generator)
    found = cosine_logits(x, units, 0.25)
    for row, frame in zip(found.tolist(), x.tolist(), strict=True):
        for value, unit in zip(row, units.tolist(), strict=True):
            dot = sum(a * b for a, b in zip(frame, unit, strict=True))
            expected = dot / math.hypot(*frame) / math.hypot(*unit) / 0.25
            assert value == pytest.approx(expected, rel=1e-5)
    assert torch.allclose(cosine_logits(100 * x, units / 100, 0.25), found, rtol=1e-4)


def test_a_zero_vector_has_logits_and_gradients_that_are_numbers():
    x, units = torch.zeros(1, 3, requires_grad=True), torch.rand(6, 3).requires_grad_()
    logits = cosine_logits(x, units, 0.1)
    logits.sum().backward()
    assert not logits.any()
    assert x.grad.isfinite().all() and units.grad.isfinite().all()


def test_half_precision_around_it_costs_no_digits():
    x, units = torch.randn(5, 64), torch.randn(7, 64)
    expected = cosine_logits(x, units, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(cosine_logits(x, units, 0.1), expected)
        assert cosine_logits(x.bfloat16(), units.bfloat16(), 0.1).dtype == torch.float32
