"""Images to vectors: published size, the three kinds, missing regions."""

import pytest
import torch
from oracles.vgs import BERT

from espnet_av.errors import ConfigError
from espnet_av.modules.bert_layer import BertConfig
from espnet_av.modules.image_branch import ImageBranch, ImageConfig


def branch(**changes):
    torch.manual_seed(0)
    made = ImageBranch(ImageConfig(**{"feature_size": 5, "num_layers": 2, **changes}), BERT, 8, 6)
    for parameter in made.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.5)
    return made.eval()


def test_published_size():
    with torch.device("meta"):
        made = ImageBranch(ImageConfig(), BertConfig(), 768, 768)
    count = {
        name: sum(p.numel() for p in part.parameters()) for name, part in made.named_children()
    }
    assert count["embed"] == 1_580_544
    assert count["layers"] == 6 * 7_087_872
    assert count["project"] == 2_361_600
    vector, parts, mask = made(
        torch.zeros(2, 36, 2048, device="meta"),
        torch.tensor([36, 36]),
        torch.zeros(2, 36, 4, device="meta"),
    )
    assert vector.shape == (2, 768)
    assert parts.shape == (2, 37, 768)
    assert mask is None


def test_places_count_and_order_does_not():
    made, image, boxes = branch(), torch.randn(1, 4, 5), torch.rand(1, 4, 4)
    lengths, order = torch.tensor([4]), [2, 0, 3, 1]
    vector = made(image, lengths, boxes).vector
    assert torch.allclose(made(image[:, order], lengths, boxes[:, order]).vector, vector, atol=1e-5)
    assert not torch.allclose(made(image, lengths, boxes[:, order]).vector, vector, atol=1e-3)


def test_regions_that_are_not_there_change_nothing():
    made, image, boxes = branch(), torch.randn(2, 4, 5), torch.rand(2, 4, 4)
    lengths = torch.tensor([4, 2])
    found = made(image, lengths, boxes)
    image[1, 2:], boxes[1, 2:] = 77.0, -3.0
    again = made(image, lengths, boxes)
    assert torch.allclose(found.vector, again.vector, atol=1e-5)
    alone = made(image[1:, :2], lengths[1:], boxes[1:, :2])
    assert torch.allclose(found.vector[1:], alone.vector, atol=1e-5)
    assert again.mask[1, 0, 0].tolist() == [True, True, True, False, False]


def test_patches_have_no_places_and_a_class_token_no_layers():
    made, image, lengths = branch(kind="patches"), torch.randn(1, 7, 5), torch.tensor([7])
    assert not [name for name, _ in made.named_parameters() if "boxes" in name]
    assert made(image, lengths, None).vector.shape == (1, 6)
    first = branch(kind="class_token")
    vector = first(image, lengths, None).vector
    assert [name for name, _ in first.named_children()] == ["project"]
    assert torch.equal(first(image[:, :1], torch.tensor([1]), None).vector, vector)
    assert {kind: ImageConfig(kind=kind).fields for kind in ("regions", "patches")} == {
        "regions": ("image", "boxes"),
        "patches": ("image",),
    }


def test_sizes_that_make_no_branch():
    with pytest.raises(ConfigError, match="feature_size 0 and num_layers 6"):
        ImageConfig(feature_size=0)
