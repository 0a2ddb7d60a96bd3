"""Linear patches: the published size, and resizing and projection pixel by pixel."""

import pytest
import torch
from oracles.visual_clips import clips, visual_frontend

from espnet_av.modules.frontend.visual_patches import LinearPatchConfig, LinearPatchFrontend


def resized(frame, size):
    """(H, W) -> (size, size): each new pixel is a mean weighted by a tent over those around it."""
    out = torch.zeros(size, size, dtype=torch.float64)
    weights = [tents(length, size) for length in frame.shape]
    for i in range(size):
        for j in range(size):
            out[i, j] = (weights[0][i][:, None] * weights[1][j] * frame).sum()
    return out


def tents(length, size):
    scale = length / size
    width = max(scale, 1.0)
    rows = []
    for place in range(size):
        centre = (place + 0.5) * scale
        row = [max(0.0, 1 - abs(pixel + 0.5 - centre) / width) for pixel in range(length)]
        rows.append(torch.tensor(row, dtype=torch.float64) / sum(row))
    return rows


def test_published_size():
    frontend = LinearPatchFrontend(LinearPatchConfig(), 512)
    assert sum(p.numel() for p in frontend.parameters()) == 32 * 32 * 512 + 512


@pytest.mark.parametrize(("size", "image_size"), [(24, 8), (23, 5), (6, 8)])
def test_equals_the_formula(size, image_size):
    frontend = visual_frontend("linear_patch", {"image_size": image_size})
    video, lengths = clips([2, 1], size)
    out, _ = frontend(video, lengths)
    weight, bias = (p.detach().double() for p in frontend.project.parameters())
    for row, frame in ((0, 0), (0, 1), (1, 0)):
        pixels = (video[row, frame].double() / 255 - 0.421) / 0.165
        expected = weight @ resized(pixels, image_size).flatten() + bias
        assert torch.allclose(out[row, frame].double(), expected, atol=1e-4)
