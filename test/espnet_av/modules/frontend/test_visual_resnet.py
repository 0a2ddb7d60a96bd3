"""ResNet: published size, the slow reference; what all visual front ends share is tested once."""

import pytest
import torch
from oracles.visual_clips import clips, visual_frontend
from oracles.visual_resnet import visual_features

from espnet_av.modules.frontend.visual_resnet import ResidualBlock, ResNetConfig, ResNetFrontend


def make(**conf):
    return visual_frontend("resnet", {"width": 2, **conf})


def test_published_number_of_parameters():
    frontend = ResNetFrontend(ResNetConfig(), 8)
    body = [*frontend.stem.parameters(), *frontend.trunk.parameters()]
    assert sum(p.numel() for p in body) == 11_186_688
    assert frontend.stem.conv.weight.shape == (64, 1, 5, 7, 7)


@pytest.mark.parametrize(
    "conf",
    [
        {},
        {"image_pool": 2, "stem_pool": False},
        {"activation": "relu", "image_pool": 2},
        {"stem_pool": False},
    ],
)
@pytest.mark.parametrize("size", [24, 25])
def test_equals_the_reference(conf, size):
    frontend = make(**conf).eval()
    video, lengths = clips([6, 1, 3], size)
    out, _ = frontend(video, lengths)
    for row, clip, length in zip(out, video, lengths.tolist(), strict=True):
        expected = visual_features(
            clip[:length],
            frontend.state_dict(),
            conf.get("image_pool", 1),
            conf.get("stem_pool", True),
        )
        assert torch.allclose(row[:length].double(), expected, atol=1e-4)
        assert not row[length:].any()


def test_trunk_sees_valid_frames_only():
    frontend, seen = make().eval(), []
    frontend.trunk.register_forward_pre_hook(lambda _, args: seen.append(args[0].size(0)))
    frontend(*clips([4, 2, 1], max_length=9))
    assert seen == [7]


def test_zero_init_residual_starts_at_the_identity():
    frontend = ResNetFrontend(ResNetConfig(width=2, zero_init_residual=True, activation="relu"), 5)
    block = frontend.trunk[0][1].eval()
    assert isinstance(block, ResidualBlock)
    x = torch.rand(2, 2, 6, 6)
    assert torch.equal(block(x), x)
