"""Masks with an exact number of hidden places."""

import pytest
import torch

from espnet_av.ops.exact_mask import count_masked, kept_first, mask_exactly


@pytest.mark.parametrize(
    ("length", "ratio", "count"),
    [(1568, 0.6, 941), (250, 0.6, 150), (1568, 0.9, 1411), (0, 0.6, 0), (1, 0.6, 0), (2, 0.6, 1),
     (2, 0.99, 1), (3, 0.01, 1), (5, 0.5, 3), (10, 0.999, 9)],
)  # fmt: skip
def test_how_many(length, ratio, count):
    lengths = torch.tensor([length, length])
    assert count_masked(lengths, ratio).tolist() == [count, count]
    masked = mask_exactly(lengths, torch.rand(2, length + 3), ratio)
    assert masked.sum(dim=1).tolist() == [count, count] and not masked[:, length:].any()


def test_those_with_the_smallest_noise_are_hidden():
    noise, lengths = torch.rand(4, 9), torch.tensor([9, 4, 6, 1])
    masked = mask_exactly(lengths, noise, 0.5)
    for row, length in enumerate(lengths.tolist()):
        count = int(length * 0.5 + 0.5) if length > 1 else 0
        chosen = sorted(range(length), key=lambda place: noise[row, place].item())[:count]
        assert masked[row].nonzero().squeeze(1).tolist() == sorted(chosen)


def test_equal_noise_hides_the_right_number_too():
    assert mask_exactly(torch.tensor([6]), torch.zeros(1, 8), 0.5).sum() == 3


def test_every_place_is_hidden_as_often():
    masked = mask_exactly(torch.full((4000,), 10), torch.rand(4000, 10), 0.6)
    assert ((masked.float().mean(dim=0) - 0.6).abs() < 0.05).all()


def test_what_is_left_in_its_order():
    masked = torch.tensor([[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=torch.bool)
    places, counts = kept_first(masked, torch.tensor([5, 3, 1]))
    assert counts.tolist() == [3, 2, 1] and places.shape == (3, 3)
    assert [row[:n] for row, n in zip(places.tolist(), counts.tolist(), strict=True)] == [
        [1, 3, 4],
        [0, 2],
        [0],
    ]
