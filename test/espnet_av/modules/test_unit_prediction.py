"""The unit head against its formula, frame by frame."""

import math

import pytest
import torch

from espnet_av.modules.unit_prediction import UnitPrediction

LENGTHS = torch.tensor([5, 3])


def head(weight=0.0):
    torch.manual_seed(0)
    return UnitPrediction(4, 6, projection_size=3, unmasked_weight=weight)


def inputs():
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(2, 5, 4, generator=generator)
    units = torch.randint(0, 6, (2, 5), generator=generator)
    units[0, 1] = -1
    masked = torch.tensor([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], dtype=torch.bool)
    return hidden, units, masked


def oracle(module, hidden, units, masked):
    """{True: [(loss, hit)], False: ...} of masked and visible frames."""
    frames = {True: [], False: []}
    for row, length in enumerate(LENGTHS.tolist()):
        for t in range(length):
            label = int(units[row, t])
            if label < 0:
                continue
            x = module.final_proj(hidden[row, t]).tolist()
            scores = []
            for unit in module.label_embs.tolist():
                dot = sum(a * b for a, b in zip(x, unit, strict=True))
                scores.append(dot / math.hypot(*x) / math.hypot(*unit) / 0.1)
            total = math.log(sum(math.exp(score) for score in scores))
            hit = scores.index(max(scores)) == label
            frames[bool(masked[row, t])].append((total - scores[label], hit))
    return frames


def mean(values):
    return sum(values) / len(values)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_loss_and_statistics_equal_the_oracle(weight):
    module = head(weight)
    hidden, units, masked = inputs()
    found = module(hidden, LENGTHS, units, masked)
    frames = oracle(module, hidden, units, masked)
    counted = len(frames[True]) + (len(frames[False]) if weight else 0)
    total = sum(loss for loss, _ in frames[True]) + weight * sum(loss for loss, _ in frames[False])
    assert float(found.num_counted) == counted
    assert found.loss.item() == pytest.approx(total / counted, rel=1e-5)
    for name, which in (("masked", True), ("unmasked", False)):
        losses, hits = zip(*frames[which], strict=True)
        assert float(found.stats[f"loss_{name}"].mean) == pytest.approx(mean(losses), rel=1e-5)
        assert float(found.stats[f"acc_{name}"].mean) == pytest.approx(mean(hits))


def test_padding_and_missing_labels_change_nothing():
    module = head(1.0)
    hidden, units, masked = inputs()
    expected = module(hidden, LENGTHS, units, masked)
    hidden, units = hidden.clone(), units.clone()
    hidden[1, 3:], units[1, 3:] = float("nan"), 0
    hidden[0, 1] = 100.0
    found = module(hidden, LENGTHS, units, masked)
    assert torch.equal(found.loss, expected.loss)
    short = module(hidden, LENGTHS, units[:, :4], masked)
    units[0, 4] = -1
    assert torch.equal(short.loss, module(hidden, LENGTHS, units, masked).loss)


def test_the_weighted_mean_over_parts_is_the_whole():
    module = head(1.0)
    hidden, units, masked = inputs()
    whole = module(hidden, LENGTHS, units, masked)
    parts = [
        module(hidden[i : i + 1], LENGTHS[i : i + 1], units[i : i + 1], masked[i : i + 1])
        for i in range(2)
    ]
    mean_loss = sum(p.loss * p.num_counted for p in parts) / sum(p.num_counted for p in parts)
    assert torch.allclose(whole.loss, mean_loss)


def test_nothing_labelled_is_zero_with_weight_zero():
    module = head()
    hidden, units, masked = inputs()
    found = module(hidden, LENGTHS, torch.full_like(units, -1), masked)
    found.loss.backward()
    assert float(found.loss) == float(found.num_counted) == 0.0
    assert not module.label_embs.grad.any()
    assert math.isnan(found.stats["acc_masked"].mean)


def test_logits_are_whole_in_half_precision():
    with torch.autocast("cpu", torch.bfloat16):
        assert head().logits(torch.randn(2, 4)).dtype == torch.float32
