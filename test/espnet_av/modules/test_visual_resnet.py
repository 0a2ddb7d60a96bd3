"""Visual front end: published size, the slow reference, padding, batch statistics, gradients."""

import pytest
import torch
from oracles.visual_resnet import visual_features

from espnet_av.errors import ConfigError
from espnet_av.modules.visual_resnet import ResidualBlock, ResNetConfig, ResNetFrontend


def make(**conf):
    torch.manual_seed(0)
    frontend = ResNetFrontend(ResNetConfig(**{"width": 2, **conf}), 5)
    for module in frontend.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.normal_(module.weight, 1.0, 0.2)
            torch.nn.init.normal_(module.bias)
    return frontend


def clips(lengths, size=24, max_length=None):
    generator = torch.Generator().manual_seed(1)
    shape = (len(lengths), max_length or max(lengths), size, size)
    video = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    return video, torch.tensor(lengths)


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


def test_padding_changes_nothing_in_evaluation():
    frontend = make().eval()
    video, lengths = clips([4, 2], max_length=7)
    out, _ = frontend(video, lengths)
    other = video.clone()
    other[0, 4:], other[1, 2:] = 255, 0
    assert torch.equal(frontend(other, lengths)[0], out)
    alone, _ = frontend(video[1:, :2], lengths[1:])
    assert torch.allclose(out[1:, :2], alone, atol=1e-5)


def test_padding_changes_nothing_in_training():
    video, lengths = clips([4, 2], max_length=7)
    other = video.clone()
    other[0, 4:], other[1, 2:] = 255, 0
    one, two = make().train(), make().train()
    assert torch.equal(one(video, lengths)[0], two(other, lengths)[0])
    assert torch.equal(one.stem.bn.running_mean, two.stem.bn.running_mean)
    deep = [frontend.trunk[3][1].bn2.running_var for frontend in (one, two)]
    assert torch.equal(*deep)


def test_a_clip_without_frames_is_zeros():
    frontend = make().eval()
    video, _ = clips([3, 3])
    out, _ = frontend(video, torch.tensor([0, 3]))
    assert not out[0].any()
    assert out[1].any()


def test_trunk_sees_valid_frames_only():
    frontend, seen = make().eval(), []
    frontend.trunk.register_forward_pre_hook(lambda _, args: seen.append(args[0].size(0)))
    frontend(*clips([4, 2, 1], max_length=9))
    assert seen == [7]


def test_every_parameter_learns():
    frontend = make().train()
    frontend(*clips([4, 3]))[0].square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in frontend.parameters())


def test_zero_init_residual_starts_at_the_identity():
    frontend = ResNetFrontend(ResNetConfig(width=2, zero_init_residual=True, activation="relu"), 5)
    block = frontend.trunk[0][1].eval()
    assert isinstance(block, ResidualBlock)
    x = torch.rand(2, 2, 6, 6)
    assert torch.equal(block(x), x)


def test_half_precision_is_close():
    frontend = make(activation="swish").eval()
    video, lengths = clips([3])
    expected, _ = frontend(video, lengths)
    with torch.autocast("cpu", torch.bfloat16):
        out, _ = frontend(video, lengths)
    assert (out.float() - expected).abs().max() < 0.1 * expected.abs().max()


def test_bad_width():
    with pytest.raises(ConfigError, match="64 is the published size"):
        ResNetConfig(width=0)
