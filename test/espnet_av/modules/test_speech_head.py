"""Frames to a vector: which pooled frames are attended to, padding, the two kinds."""

import torch
from oracles.vgs import BERT

from espnet_av.modules.bert_layer import BertConfig
from espnet_av.modules.resdavenet import ResDavenetConfig
from espnet_av.modules.speech_head import ClassHead, PooledHead

SMALL = ResDavenetConfig(stem=4, widths=(6, 8), kernel=3)


def head(has_class=True):
    torch.manual_seed(0)
    made = PooledHead(SMALL, BERT, 8, 5, has_class)
    for parameter in made.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.5)
    return made.eval()


def test_published_size():
    """Res-DAVEnet, the layer, the class vector's way and the last projection."""
    with torch.device("meta"):
        made = PooledHead(ResDavenetConfig(), BertConfig(), 768, 768, True)
    total = sum(p.numel() for p in made.parameters())
    assert total == 31_064_704 + 7_087_872 + 2_361_600 + 590_592


def test_whole_groups_of_frames_are_attended_to():
    found = head()(torch.randn(4, 11, 8), torch.tensor([11, 8, 4, 2]), torch.randn(4, 8))
    assert found.parts.shape == (4, 4, 8)
    assert found.mask[:, 0, 0].sum(dim=1).tolist() == [3, 3, 2, 2]


def test_padding_changes_nothing():
    made, frames, front = head(), torch.randn(2, 11, 8), torch.randn(2, 8)
    lengths = torch.tensor([11, 6])
    vector = made(frames, lengths, front).vector
    frames[1, 6:] = 30.0
    assert torch.allclose(made(frames, lengths, front).vector, vector, atol=1e-5)
    alone = made(frames[1:, :6], lengths[1:], front[1:]).vector
    assert torch.allclose(alone, vector[1:], atol=1e-5)


def test_without_a_class_vector_below_it_has_its_own():
    made = head(has_class=False)
    assert made.class_vector.requires_grad
    found = made(torch.randn(2, 9, 8), torch.tensor([9, 9]), None)
    found.vector.sum().backward()
    assert made.class_vector.grad.any()


def test_the_class_vector_alone():
    made, front = ClassHead(8, 5), torch.randn(2, 8)
    found = made(torch.randn(2, 9, 8), torch.tensor([9, 3]), front)
    assert torch.equal(found.vector, made.project(front))
    assert found.parts.shape == (2, 10, 8)
    assert found.mask[:, 0, 0].sum(dim=1).tolist() == [10, 4]
