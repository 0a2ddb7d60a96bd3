"""(2+1)D front end: the published table, and every layer against plain 3-D convolutions."""

import pytest
import torch
from oracles.visual_clips import clips, visual_frontend
from oracles.visual_r2plus1d import layer, visual_features

from espnet_av.modules.frontend.visual_r2plus1d import (
    MULTIPLES,
    R2Plus1dConfig,
    R2Plus1dFrontend,
    R2Plus1dLayer,
    mid_channels,
)
from espnet_av.ops.lengths import same_clip_as_next

# In, between and out; thousands of weights and millions of products a frame of 128 x 128 pixels.
PUBLISHED = [
    ((3, 23, 64), 5.0, 20.6),
    ((64, 230, 128), 221, 226),
    ((128, 460, 256), 883, 226),
    ((256, 921, 512), 3540, 226),
    ((512, 1152, 512), 7080, 113),
]


@pytest.mark.parametrize(("layer_index", "row"), enumerate(PUBLISHED))
def test_published_channels_weights_and_products(layer_index, row):
    (in_channels, mid, channels), thousands, millions = row
    assert mid_channels(in_channels, channels) == mid
    assert channels == 64 * MULTIPLES[layer_index]
    one = R2Plus1dLayer(in_channels, channels)
    weights = one.spatial.weight.numel() + one.temporal.weight.numel()
    assert weights / 1e3 == pytest.approx(thousands, rel=0.01)
    side = 64 // 2**layer_index
    assert weights * side**2 / 1e6 == pytest.approx(millions, rel=0.01)
    # As many weights as the 3x3x3 convolution it stands for, but for rounding down.
    whole = 27 * in_channels * channels
    assert whole - (9 * in_channels + 3 * channels) < weights <= whole


def test_grey_pictures_make_only_the_first_layer_smaller():
    frontend = R2Plus1dFrontend(R2Plus1dConfig(), 8)
    first = frontend.layers[0]
    assert first.spatial.weight.shape == (8, 1, 1, 3, 3)
    assert first.temporal.weight.shape == (64, 8, 3, 1, 1)
    convolutions = [p for p in frontend.layers.parameters() if p.dim() == 5]
    assert sum(p.numel() for p in convolutions) == 11_720_136
    assert sum(p.numel() for p in frontend.layers.parameters()) == 11_720_136 + 2 * 4_243


def test_products_of_a_frame():
    frontend, products = R2Plus1dFrontend(R2Plus1dConfig(width=4), 8).eval(), []
    for one in frontend.layers:
        weights = one.spatial.weight.numel() + one.temporal.weight.numel()
        one.register_forward_hook(
            lambda _, args, out, weights=weights: products.append(weights * out[0, 0].numel())
        )
    frontend(*clips([1], size=128))
    sides = (64, 32, 16, 8, 4)
    channels = [1, *(4 * multiple for multiple in MULTIPLES)]
    expected = [
        (9 * i + 3 * o) * mid_channels(i, o) * side**2
        for i, o, side in zip(channels, channels[1:], sides, strict=False)
    ]
    assert products == expected


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("index", range(5))
def test_each_layer_equals_3d_convolutions(index, training):
    frontend = visual_frontend("r2plus1d").double().train(training)
    one, lengths = frontend.layers[index], torch.tensor([4, 1, 3])
    state = {key: value.clone() for key, value in frontend.state_dict().items()}
    x = torch.randn(8, one.spatial.in_channels, 7, 6, dtype=torch.float64)
    out = one(x, same_clip_as_next(lengths))
    # (N, C, H, W) -> (C, V, H, W) for each clip
    parts = [part.transpose(0, 1) for part in x.split(lengths.tolist())]
    expected = torch.cat(layer(parts, state, f"layers.{index}.", training), dim=1).transpose(0, 1)
    assert out.shape == (8, one.temporal.out_channels, 4, 3)
    assert torch.allclose(out, expected, atol=1e-10)


@pytest.mark.parametrize(
    ("conf", "size"), [({"width": 2}, 24), ({"width": 2}, 25), ({"width": 3, "image_pool": 2}, 24)]
)
@pytest.mark.parametrize("training", [False, True])
def test_equals_the_reference(conf, size, training):
    frontend = visual_frontend("r2plus1d", conf).train(training)
    video, lengths = clips([6, 1, 3], size)
    state = {key: value.clone() for key, value in frontend.state_dict().items()}
    parts = [clip[:length] for clip, length in zip(video, lengths.tolist(), strict=True)]
    expected = visual_features(parts, state, conf.get("image_pool", 1), training)
    out, _ = frontend(video, lengths)
    for row, features in zip(out, expected, strict=True):
        assert torch.allclose(row[: len(features)].double(), features, atol=1e-4)


def test_five_frames_on_each_side_are_seen():
    frontend = visual_frontend("r2plus1d", {"width": 8}).eval()
    video, lengths = clips([15])
    other = video.clone()
    other[0, 7] = 255 - other[0, 7]
    changed = (frontend(other, lengths)[0] != frontend(video, lengths)[0]).any(dim=2)[0]
    assert changed.nonzero().flatten().tolist() == list(range(2, 13))
