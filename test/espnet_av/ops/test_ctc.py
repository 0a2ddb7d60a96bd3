"""CTC helpers against enumeration."""

from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from espnet_av.ops.ctc import collapse, edit_distance, required_frames


def shortest_path(tokens):
    """Length of the shortest frame sequence over {0..2} that collapses to `tokens`."""
    for length in range(8):
        if any(collapse(path) == tokens for path in product(range(3), repeat=length)):
            return length
    raise AssertionError(tokens)


@pytest.mark.parametrize("tokens", [[], [1], [1, 2], [1, 1], [1, 1, 1], [2, 2, 1, 1]])
def test_required_frames_is_the_shortest_path(tokens):
    text = torch.tensor([tokens + [1] * (6 - len(tokens))])
    assert int(required_frames(text, torch.tensor([len(tokens)]))) == shortest_path(tokens)


def test_repeats_in_the_padding_do_not_count():
    text = torch.tensor([[1, 2, -1, -1], [1, 1, 1, 2]])
    assert required_frames(text, torch.tensor([2, 4])).tolist() == [2, 6]


def test_a_batch_of_empty_texts_needs_no_frame():
    assert required_frames(torch.empty(2, 0, dtype=torch.long), torch.tensor([0, 0])).tolist() == [
        0,
        0,
    ]


def test_collapse():
    assert collapse([0, 1, 1, 0, 1, 2, 2, 0]) == [1, 1, 2]
    assert collapse([]) == []
    assert collapse([3, 3], blank=3) == []


def slow_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(
        slow_distance(a[1:], b) + 1,
        slow_distance(a, b[1:]) + 1,
        slow_distance(a[1:], b[1:]) + (a[0] != b[0]),
    )


@given(st.lists(st.integers(0, 2), max_size=5), st.lists(st.integers(0, 2), max_size=5))
def test_edit_distance(a, b):
    assert edit_distance(a, b) == slow_distance(a, b)
