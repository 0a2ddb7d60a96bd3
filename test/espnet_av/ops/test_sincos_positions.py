"""Fixed positions."""

import math

import pytest
import torch

from espnet_av.ops.sincos_positions import sincos_grid, sincos_line


def test_each_number():
    found = sincos_line(7, 6)
    for place in range(7):
        for i in range(3):
            angle = place / 10000 ** (i / 3)
            assert found[place, i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert found[place, 3 + i].item() == pytest.approx(math.cos(angle), abs=1e-6)


@pytest.mark.parametrize("size", [6, 8, 512, 768])
def test_boxes_have_those_of_their_three_axes(size):
    grid = (3, 4, 5)
    found = sincos_grid(grid, size)
    assert found.shape == (60, size) and len(found.unique(dim=0)) == 60
    side = size // 6 * 2
    time, rows, columns = found.view(*grid, size).split((size - 2 * side, side, side), dim=3)
    assert torch.equal(time[:, 2, 3], sincos_line(3, size - 2 * side))
    assert torch.equal(rows[1, :, 2], sincos_line(4, side))
    assert torch.equal(columns[2, 1], sincos_line(5, side))
