"""When nothing ended, the search allows shorter outputs; parity is in test/parity."""

from __future__ import annotations

import pytest
import torch
from oracles.espnet_search import random_frames, tiny_model

from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.joint import JointSearch


@pytest.mark.parametrize(
    ("ratio", "tried"),
    [(0.0, [0.0]), (0.05, [0.05]), (0.1, [0.1, 0.0]), (0.35, [0.35, 0.25, 0.15, 0.05])],
)
def test_outputs_may_be_shorter_by_a_tenth_until_something_ends(monkeypatch, ratio, tried):
    encoded = random_frames([8, 6])
    search = JointSearch(tiny_model(), DecodeConfig(minlenratio=ratio))
    asked = []

    def nothing(memory, lengths, ratio):
        asked.append(ratio)
        return [[] for _ in lengths]

    monkeypatch.setattr(search, "_search_once", nothing)
    assert search.search(encoded.out, encoded.lengths) == [[], []]
    assert asked == pytest.approx(tried)


def test_only_those_without_a_result_are_searched_again(monkeypatch):
    encoded = random_frames([8, 6, 7])
    search = JointSearch(tiny_model(), DecodeConfig(minlenratio=0.4))
    asked = []

    def one_less(memory, lengths, ratio):
        asked.append(lengths.tolist())
        return [[str(int(lengths[0]))], *([] for _ in lengths[1:])]

    monkeypatch.setattr(search, "_search_once", one_less)
    assert search.search(encoded.out, encoded.lengths) == [["8"], ["6"], ["7"]]
    assert asked == [[8, 6, 7], [6, 7], [7]]
    assert torch.equal(encoded.lengths, torch.tensor([8, 6, 7]))


def test_a_beam_wider_than_there_are_outputs_ends_in_those_there_are():
    model, encoded = tiny_model(vocab_size=5), random_frames([8])
    config = DecodeConfig(beam_size=30, nbest=50, maxlenratio=-2, ctc_weight=0.0)
    (found,) = JointSearch(model, config).search(encoded.out, encoded.lengths)
    # Nothing, or one of four tokens and then any of five.
    assert len({tuple(each.tokens) for each in found}) == len(found) == 1 + 4 * 5
    assert all(each.score > -torch.inf for each in found)
