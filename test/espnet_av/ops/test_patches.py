"""Films to boxes and back."""

import itertools

import pytest
import torch

from espnet_av.ops.patches import normalise_each, patchify, unpatchify


@pytest.mark.parametrize("patch", [(2, 4, 3), (1, 1, 1), (4, 8, 9), (4, 2, 9)])
def test_there_and_back(patch):
    film = torch.arange(2 * 4 * 8 * 9 * 3).view(2, 4, 8, 9, 3)
    grid = tuple(whole // part for whole, part in zip((4, 8, 9), patch, strict=True))
    boxes = patchify(film, patch)
    assert boxes.shape == (
        2,
        4 * 8 * 9 // torch.tensor(patch).prod(),
        3 * torch.tensor(patch).prod(),
    )
    assert torch.equal(unpatchify(boxes, patch, grid), film)


def test_each_box_is_cut_where_it_lies():
    film = torch.randint(0, 255, (2, 4, 6, 8, 3), dtype=torch.uint8)
    boxes = patchify(film, (2, 3, 4))
    for number, (t, y, x) in enumerate(itertools.product(range(2), range(2), range(2))):
        cut = film[:, 2 * t : 2 * t + 2, 3 * y : 3 * y + 3, 4 * x : 4 * x + 4]
        assert torch.equal(boxes[:, number], cut.flatten(1))
    assert boxes.dtype == torch.uint8


def test_each_row_has_mean_0_and_variance_1():
    rows = torch.randn(3, 5, 40) * 7 + 3
    rows[1, 2] = 4.0
    found = normalise_each(rows)
    for row, made in zip(rows.flatten(0, 1), found.flatten(0, 1), strict=True):
        expected = (row - row.mean()) / (row.std(correction=0) + 1e-6)
        assert torch.allclose(made, expected, atol=1e-4)
    assert not found[1, 2].any()
