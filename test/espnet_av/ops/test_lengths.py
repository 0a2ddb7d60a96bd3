"""Masks, packing and neighbours against loops."""

import pytest
import torch

from espnet_av.ops.lengths import (
    neighbour_index,
    packed_index,
    same_clip_as_next,
    unpack,
    valid_mask,
)

LENGTHS = [[3, 1, 0, 4], [1], [5, 5]]


@pytest.mark.parametrize("lengths", LENGTHS)
def test_valid_mask(lengths):
    expected = [[t < n for t in range(6)] for n in lengths]
    assert valid_mask(torch.tensor(lengths), 6).tolist() == expected


@pytest.mark.parametrize("lengths", LENGTHS)
def test_packing_there_and_back(lengths):
    size = max(lengths)
    x = torch.randn(len(lengths), size, 2)
    index = packed_index(torch.tensor(lengths), size)
    packed = x.flatten(0, 1)[index]
    assert torch.equal(packed, torch.cat([x[b, :n] for b, n in enumerate(lengths)]))
    mask = valid_mask(torch.tensor(lengths), size).unsqueeze(2)
    assert torch.equal(unpack(packed, index, len(lengths), size), x * mask)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("radius", [0, 1, 2])
def test_neighbours_stay_in_their_clip(lengths, radius):
    total, start, expected = sum(lengths), 0, []
    for n in lengths:
        for t in range(n):
            places = range(t - radius, t + radius + 1)
            expected.append([start + u if 0 <= u < n else total for u in places])
        start += n
    assert neighbour_index(torch.tensor(lengths), radius).tolist() == expected


def test_frames_that_are_followed_by_one_of_their_clip():
    follows = same_clip_as_next(torch.tensor([3, 0, 1, 2]))
    assert follows.tolist() == [True, True, False, False, True]
    assert same_clip_as_next(torch.tensor([1])).tolist() == []
    assert same_clip_as_next(torch.tensor([0])).tolist() == []
