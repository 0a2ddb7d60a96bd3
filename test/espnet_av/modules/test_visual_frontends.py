"""What holds for every visual front end: padding, batch statistics, gradients, half precision."""

import inspect

import pytest
import torch
from oracles.visual_clips import TINY, clips, visual_frontend

from espnet_av.errors import ConfigError
from espnet_av.modules import VISUAL_FRONTENDS

ALL = pytest.mark.parametrize("name", VISUAL_FRONTENDS)


def statistics(frontend):
    return [buffer for key, buffer in frontend.named_buffers() if "running" in key]


def with_other_padding(video):
    other = video.clone()
    other[0, 4:], other[1, 2:] = 255, 0
    return other


def test_each_is_described_and_has_a_small_version():
    assert set(TINY) == set(VISUAL_FRONTENDS)
    for config_class, frontend_class in VISUAL_FRONTENDS.values():
        assert inspect.getdoc(config_class)
        assert inspect.getdoc(frontend_class)


@ALL
def test_one_vector_for_each_frame(name):
    frontend = visual_frontend(name).eval()
    video, lengths = clips([4, 2], max_length=7)
    out, out_lengths = frontend(video, lengths)
    assert out.shape == (2, 7, 5)
    assert frontend.output_size() == 5
    assert out_lengths.tolist() == [4, 2]


@ALL
def test_padding_changes_nothing_in_evaluation(name):
    frontend = visual_frontend(name).eval()
    video, lengths = clips([4, 2], max_length=7)
    out, _ = frontend(video, lengths)
    assert not out[0, 4:].any()
    assert not out[1, 2:].any()
    assert torch.equal(frontend(with_other_padding(video), lengths)[0], out)
    for row, length in enumerate((4, 2)):
        alone, _ = frontend(video[row : row + 1, :length], lengths[row : row + 1])
        assert torch.allclose(out[row, :length], alone[0], atol=1e-5)


@ALL
def test_padding_changes_nothing_in_training(name):
    video, lengths = clips([4, 2], max_length=7)
    one, two = visual_frontend(name).train(), visual_frontend(name).train()
    before = [buffer.clone() for buffer in statistics(one)]
    assert torch.equal(one(video, lengths)[0], two(with_other_padding(video), lengths)[0])
    for old, first, second in zip(before, statistics(one), statistics(two), strict=True):
        assert torch.equal(first, second)
        assert not torch.equal(first, old)


@ALL
def test_a_clip_without_frames_is_zeros(name):
    frontend = visual_frontend(name).eval()
    video, _ = clips([3, 3, 3])
    out, _ = frontend(video, torch.tensor([3, 0, 1]))
    assert not out[1].any()
    alone, _ = frontend(video[[0, 2]], torch.tensor([3, 1]))
    assert torch.allclose(out[[0, 2]], alone, atol=1e-5)


@ALL
def test_every_parameter_learns(name):
    frontend = visual_frontend(name).train()
    frontend(*clips([4, 3]))[0].square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in frontend.parameters())


@ALL
def test_half_precision_is_close(name):
    conf = {"width": 2, "activation": "swish"} if name == "resnet" else None
    frontend = visual_frontend(name, conf).eval()
    video, lengths = clips([3])
    expected, _ = frontend(video, lengths)
    with torch.autocast("cpu", torch.bfloat16):
        out, _ = frontend(video, lengths)
    assert (out.float() - expected).abs().max() < 0.1 * expected.abs().max()


@pytest.mark.parametrize(
    ("name", "conf", "message"),
    [
        ("resnet", {"width": 0}, "resnet: width is 0; 64 is the published size"),
        ("r2plus1d", {"width": 0}, "r2plus1d: width is 0; 64 is the published size"),
        ("linear_patch", {"image_size": 0}, "image_size is 0; 32 is the published size"),
        ("linear_patch", {"width": 4}, "unknown key 'width'"),
    ],
)
def test_bad_sizes_are_named(name, conf, message):
    with pytest.raises(ConfigError, match=message):
        visual_frontend(name, conf)
