"""The fine score: published size, masks, settings."""

import pytest
import torch
from oracles.vgs import BERT

from espnet_av.errors import ConfigError
from espnet_av.modules.bert_layer import BertConfig
from espnet_av.modules.cross_encoder import CrossEncoder, CrossEncoderConfig, CrossLayer


def test_published_size():
    with torch.device("meta"):
        layer = CrossLayer(BertConfig(), 768)
    assert sum(p.numel() for p in layer.parameters()) == 15_355_392


def test_padding_changes_no_score():
    torch.manual_seed(0)
    cross = CrossEncoder(CrossEncoderConfig(), BERT, 8)
    for parameter in cross.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    speech, image = torch.randn(2, 5, 8), torch.randn(2, 4, 8)
    heard = torch.tensor([[True] * 5, [True, True, True, False, False]])[:, None, None]
    seen = torch.tensor([[True] * 4, [True, True, False, False]])[:, None, None]
    score = cross(speech, heard, image, seen)
    assert score.shape == (2,)
    speech[1, 3:], image[1, 2:] = 50.0, -50.0
    assert torch.allclose(cross(speech, heard, image, seen), score, atol=1e-5)
    alone = cross(speech[1:, :3], None, image[1:, :2], None)
    assert torch.allclose(alone, score[1:], atol=1e-5)


@pytest.mark.parametrize("wrong", [{"num_layers": 0}, {"num_candidates": 0}, {"weight": -1.0}])
def test_settings_that_make_no_score(wrong):
    with pytest.raises(ConfigError, match="cross_encoder: num_layers"):
        CrossEncoderConfig(**wrong)
