"""Codes against a loop over distances, and what their draws are a function of."""

import math

import pytest
import torch

from espnet_av.ops.random_projection import draw_codebooks, draw_projection, nearest_codes


def loop_codes(x, projection, codebooks):
    """Nearest entry by the distance of two vectors of length 1, one frame after the other."""
    rows = []
    for frame in x.double():
        row = []
        for matrix, entries in zip(projection.double(), codebooks.double(), strict=True):
            z = frame @ matrix
            z = z / z.norm()
            distances = [(entry / entry.norm() - z).norm().item() for entry in entries]
            row.append(distances.index(min(distances)))
        rows.append(row)
    return rows


@pytest.mark.parametrize("num_codebooks", [1, 3])
def test_codes_are_those_of_a_loop_over_distances(num_codebooks):
    torch.manual_seed(0)
    x = torch.randn(40, 12) * 3 + 1
    projection = draw_projection(num_codebooks, 12, 4, seed=1)
    codebooks = draw_codebooks(num_codebooks, 50, 4, seed=2)
    codes = nearest_codes(x, projection, codebooks)
    assert codes.tolist() == loop_codes(x, projection, codebooks)
    assert len(codes.unique()) > 15
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(nearest_codes(x, projection, codebooks), codes)


def test_the_length_of_the_projected_vector_does_not_matter():
    torch.manual_seed(0)
    x = torch.randn(200, 12)
    projection, codebooks = draw_projection(1, 12, 4, seed=1), draw_codebooks(1, 50, 4, seed=2)
    z = torch.nn.functional.normalize(x @ projection[0], dim=1)
    as_projected = nearest_codes(z, torch.eye(4)[None], codebooks)
    assert torch.equal(as_projected, nearest_codes(x, projection, codebooks))


def test_draws_have_their_distribution_and_follow_their_seed_alone():
    projection = draw_projection(2, 320, 16, seed=3)
    bound = math.sqrt(6 / 336)
    assert projection.abs().max() <= bound
    assert projection.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)
    assert torch.allclose(draw_codebooks(2, 100, 16, seed=3).norm(dim=2), torch.ones(2, 100))
    torch.manual_seed(9)
    assert torch.equal(draw_projection(2, 320, 16, seed=3), projection)
    assert not torch.equal(draw_projection(2, 320, 16, seed=4), projection)
    assert not torch.equal(projection[0], projection[1])
