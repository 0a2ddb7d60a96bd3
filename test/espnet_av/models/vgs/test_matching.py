"""Losses of pairs: similarity, its temperature, and the finer score of every pair."""

import pytest
import torch
from oracles import vgs

from espnet_av.models.vgs.matching import Pairs, match_parts, match_vectors
from espnet_av.modules.image_branch import EncodedImage
from espnet_av.modules.speech_head import EncodedSpeech

IDS = torch.tensor([0, 1, 0])


def test_cosine_forgets_lengths_and_inner_product_does_not():
    speech, image = torch.randn(3, 4), torch.randn(3, 4)
    long = speech * torch.tensor([[1.0], [5.0], [0.2]])
    for similarity, same in (("cosine", True), ("dot", False)):
        config = vgs.config(similarity=similarity)
        one = match_vectors(Pairs(speech, image, IDS), config, is_shared=False)
        two = match_vectors(Pairs(long, image, IDS), config, is_shared=False)
        assert torch.allclose(one.loss, two.loss) == same
    assert one.stats["masked_negatives"].mean == pytest.approx(2 / 6)


def test_temperature_divides_before_the_margin():
    pairs = Pairs(torch.eye(2) * 3, torch.eye(2) * 2, torch.tensor([0, 1]))
    found = match_vectors(pairs, vgs.config(matching_temperature=2.0), is_shared=False)
    # 6 / 2 - 1 against 0
    expected = 2 * torch.log(1 + torch.exp(torch.tensor(-2.0)))
    assert torch.allclose(found.loss, expected)


def test_every_pair_is_scored_once_with_its_own_masks():
    """Images are rows, utterances columns."""
    heard, seen = torch.arange(3.0) + 1, torch.tensor([10.0, 20.0, 30.0])
    mask = torch.arange(3)[:, None, None, None] >= torch.arange(2)
    speech = EncodedSpeech(heard[:, None], heard[:, None, None].expand(3, 2, 1), mask)
    image = EncodedImage(seen[:, None], seen[:, None, None].expand(3, 4, 1), None)
    asked = []

    def cross(parts, parts_mask, pictures, pictures_mask):
        assert pictures_mask is None
        asked.extend(zip(parts[:, 0, 0].tolist(), pictures[:, 0, 0].tolist(), strict=True))
        assert torch.equal(parts_mask.sum(dim=3).flatten(), parts[:, 0, 0].clamp(max=2).long())
        return (parts[:, 0, 0] - pictures[:, 0, 0] / 10).abs().neg()

    found = match_parts(cross, speech, image, torch.tensor([0, 1, 2]), margin=0.0)
    assert asked == [(u, v) for v in (10.0, 20.0, 30.0) for u in (1.0, 2.0, 3.0)]
    scores = -(heard[None] - seen[:, None] / 10).abs()
    rows = scores.log_softmax(1).diagonal() + scores.log_softmax(0).diagonal()
    assert torch.allclose(found.loss, -rows.mean())
