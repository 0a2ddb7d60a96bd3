"""The nearest centres against the slow reference."""

import numpy as np
import pytest
import torch
from oracles import kmeans

from espnet_av.ops import assignment
from espnet_av.ops.assignment import assign, nearest_centres


def cloud(size, seed=0):
    return 4 * torch.randn(size, 3, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_assignment_equals_the_reference(offset, monkeypatch):
    points, centres = cloud(200) + offset, cloud(17, seed=1) + offset
    labels, distances = kmeans.nearest(points, centres)
    for rows in (256, 7):  # in one chunk, and in many
        monkeypatch.setattr(assignment, "_MIN_ROWS", rows)
        monkeypatch.setattr(assignment, "_SCORES_CPU", rows)
        found = assign(points, centres)
        assert found.labels.tolist() == labels.tolist()
        assert torch.equal(nearest_centres(points, centres), found.labels)
        np.testing.assert_allclose(found.distances, distances, rtol=2e-3, atol=1e-3)


def test_assignment_of_half_precision_points_is_computed_in_32_bit():
    points, centres = cloud(50).half(), cloud(5, seed=1)
    expected = assign(points.float(), centres)
    found = assign(points, centres)
    assert torch.equal(found.labels, expected.labels)
    assert torch.equal(found.distances, expected.distances)


def test_the_first_of_equally_near_centres():
    centres = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    assert nearest_centres(torch.tensor([[0.0, 2.0], [3.0, 0.0]]), centres).tolist() == [0, 0]
