"""Stripes stay inside, have the right widths, and move."""

import pytest
import torch

from espnet_av.ops.stripe_masking import draw_stripes


def runs(row):
    return [len(run) for run in "".join("x" if m else " " for m in row.tolist()).split()]


def draw(sizes, widths, stripes, max_size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return draw_stripes(torch.tensor(sizes), torch.tensor(widths), stripes, max_size, generator)


def test_one_stripe_is_contiguous_and_bounded():
    mask = draw([50] * 2000, [7] * 2000, 1, 60)
    widths = [sum(runs(row)) for row in mask]
    assert all(len(runs(row)) <= 1 for row in mask)
    assert set(widths) == set(range(8))
    assert not mask[:, 50:].any()
    assert mask[:, 0].any()
    assert mask[:, 49].any()


def test_widths_are_uniform():
    mask = draw([50] * 8000, [3] * 8000, 1, 50)
    counts = torch.bincount(mask.sum(dim=1), minlength=4).float() / 8000
    assert torch.allclose(counts, torch.full((4,), 0.25), atol=0.02)


@pytest.mark.parametrize("size", [0, 1])
def test_tiny_axes(size):
    mask = draw([size], [size], 3, 5)
    assert not mask[:, size:].any()


def test_each_row_has_its_own_length_and_draw():
    mask = draw([10, 40], [10, 40], 2, 40)
    assert not mask[0, 10:].any()
    assert not torch.equal(draw([40, 40], [20, 20], 2, 40)[0], draw([40, 40], [20, 20], 2, 40)[1])


def test_zero_stripes_mask_nothing():
    assert not draw([10], [5], 0, 10).any()
