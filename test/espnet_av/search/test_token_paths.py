"""Texts of a beam: equal ones are found, also where hashes deceive."""

import pytest
import torch

from espnet_av.search import token_paths
from espnet_av.search.token_paths import TokenPaths


def grown(paths, parents, tokens, frame):
    grows = torch.tensor([[token >= 0 for token in tokens]])
    return paths.with_room().select(
        torch.tensor([parents]),
        grows=grows,
        token=torch.tensor([tokens]),
        frame=frame,
        log_prob=torch.full(grows.shape, -float(frame)),
    )


def texts_of(paths):
    return [(tokens, frames) for tokens, frames, _ in paths.to_lists()[0]]


@pytest.mark.parametrize("factor", [token_paths._HASH_FACTOR, 0])
def test_only_equal_texts_are_found(monkeypatch, factor):
    # With factor 0 every two texts with the same last token have the same hash.
    monkeypatch.setattr(token_paths, "_HASH_FACTOR", factor)
    paths = grown(TokenPaths.empty(1, torch.device("cpu")), [0, 0, 0], [-1, 1, 2], frame=0)
    paths = grown(paths, [1, 2, 0], [2, -1, -1], frame=3)
    assert texts_of(paths) == [([1, 2], [0, 3]), ([2], [0]), ([], [])]
    found = paths.with_room().find_grown(torch.tensor([[2, 1, 0, 2]]), torch.tensor([[2, 2, 1, 1]]))
    # () + 2 is the second; (2, 2), (1, 2, 1) and (1) are none of them.
    expected = [[False, factor != 0, False], [False] * 3, [False] * 3, [False] * 3]
    assert found[0].tolist() == expected


def test_tables_grow_with_the_longest_text():
    paths = TokenPaths.empty(1, torch.device("cpu"))
    for frame in range(40):
        paths = grown(paths, [0, 0], [frame, -1], frame) if frame else grown(paths, [0], [7], 0)
    tokens, frames, probabilities = paths.to_lists()[0][0]
    assert (tokens, frames) == ([7, *range(1, 40)], list(range(40)))
    assert len(probabilities) == 40 and probabilities[0] == 1.0
    assert paths.tokens.size(2) == 64
