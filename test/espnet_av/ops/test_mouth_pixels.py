"""Normalised grey levels, pooled or not, against the formula."""

import pytest
import torch

from espnet_av.ops.mouth_pixels import PIXEL_MEAN, PIXEL_STD, normalise_pixels


@pytest.mark.parametrize(("height", "width"), [(6, 4), (7, 5), (2, 2)])
@pytest.mark.parametrize("pool", [1, 2])
def test_equals_the_formula(height, width, pool):
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (3, height, width), generator=generator, dtype=torch.uint8)
    kept = frames.clone()
    out = normalise_pixels(frames, pool)
    assert out.shape == (3, height // pool, width // pool)
    for n in range(3):
        for i in range(height // pool):
            for j in range(width // pool):
                patch = frames[n, i * pool : i * pool + pool, j * pool : j * pool + pool]
                level = float(patch.double().mean()) / 255
                assert float(out[n, i, j]) == pytest.approx(
                    (level - PIXEL_MEAN) / PIXEL_STD, abs=1e-5
                )
    assert torch.equal(frames, kept)


def test_no_frames():
    for pool in (1, 2):
        assert normalise_pixels(torch.zeros(0, 4, 4, dtype=torch.uint8), pool).numel() == 0
