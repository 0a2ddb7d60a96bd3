"""Distances as inner products of prepared frames."""

import numpy as np
import pytest
from oracles.abx_set import euclidean, kl

from espnet_av.ops.frame_distance import prepare


def frames(seed=0, num=7, dim=5):
    return np.random.default_rng(seed).normal(size=(num, dim)).astype(np.float32)


def test_angular_is_of_directions():
    left, right, own = prepare(3 * frames(), "angular")
    assert left is right and not own.any()
    np.testing.assert_allclose(np.linalg.norm(left, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(left, prepare(frames(), "angular").left, atol=1e-6)
    silent = prepare(np.zeros((2, 4), np.float32), "angular").left
    assert (silent == 0.5).all(), "a frame of zeros is one of equal numbers"


def test_euclidean_far_from_the_origin():
    values = frames()
    left, right, own = prepare(values + np.float32(1000), "euclidean")
    found = np.sqrt(np.maximum(own[:, None] + own[None] - 2 * left @ right.T, 0))
    np.testing.assert_allclose(found, euclidean(values, values), atol=2e-3)


def test_symmetric_kl_of_distributions():
    values = np.exp(frames())
    values /= values.sum(axis=1, keepdims=True)
    left, right, own = prepare(values.copy(), "kl")
    found = 0.5 * (own[:, None] + own[None] - left @ right.T)
    np.testing.assert_allclose(found, kl(values, values), atol=1e-5)


@pytest.mark.parametrize("factor", [-1.0, 2.0])
def test_what_is_no_distribution_is_named(factor):
    values = np.full((3, 4), 0.25, np.float32)
    values[1] *= factor
    with pytest.raises(ValueError, match="frame 1 is no distribution"):
        prepare(values, "kl")
