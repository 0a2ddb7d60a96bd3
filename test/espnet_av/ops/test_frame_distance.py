"""Distances as inner products of prepared frames."""

import numpy as np
import pytest
from oracles.abx_set import euclidean, kl

from espnet_av.ops.frame_distance import prepare


def frames(seed=0, num=7, dim=5):
    return np.random.default_rng(seed).normal(size=(num, dim)).astype(np.float32)


def test_angular_is_of_directions():
    left, right, own = prepare(3 * frames(), "angular")[:3]
    assert left is right and not own.any()
    np.testing.assert_allclose(np.linalg.norm(left, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(left, prepare(frames(), "angular").left, atol=1e-6)
    silent = prepare(np.zeros((2, 4), np.float32), "angular").left
    assert (silent == 0.5).all(), "a frame of zeros is one of equal numbers"


def test_euclidean_far_from_the_origin():
    values = frames()
    left, right, own = prepare(values + np.float32(1000), "euclidean")[:3]
    found = np.sqrt(np.maximum(own[:, None] + own[None] - 2 * left @ right.T, 0))
    np.testing.assert_allclose(found, euclidean(values, values), atol=2e-3)


def test_symmetric_kl_of_distributions():
    values = np.exp(frames())
    values /= values.sum(axis=1, keepdims=True)
    left, right, own = prepare(values.copy(), "kl")[:3]
    found = 0.5 * (own[:, None] + own[None] - left @ right.T)
    np.testing.assert_allclose(found, kl(values, values), atol=1e-5)


@pytest.mark.parametrize("factor", [-1.0, 2.0])
def test_what_is_no_distribution_is_named(factor):
    values = np.full((3, 4), 0.25, np.float32)
    values[1] *= factor
    with pytest.raises(ValueError, match="frame 1 is no distribution"):
        prepare(values, "kl")


@pytest.mark.parametrize("size", [1e-38, 1e-25, 1e20, 1e37])
def test_sizes_whose_squares_float32_does_not_hold(size):
    values = frames()
    found = prepare(values * np.float32(size), "angular")
    np.testing.assert_allclose(found.left, prepare(values, "angular").left, atol=1e-6)
    assert found.num_silent == 0
    left, right, own = prepare(values * np.float32(size), "euclidean")[:3]
    far = np.sqrt(np.maximum(own[:, None] + own[None] - 2 * left @ right.T, 0))
    expected = euclidean(values, values)
    np.testing.assert_allclose(far / far.max(), expected / expected.max(), atol=1e-3)


def test_frames_of_zeros_are_counted_where_they_have_no_direction():
    values = frames()
    values[2:4] = 0
    assert prepare(values.copy(), "angular").num_silent == 2
    assert prepare(values.copy(), "euclidean").num_silent == 0


@pytest.mark.parametrize("factor", [1, 300])
def test_one_hot_frames_and_whole_numbers_have_exact_distances(factor):
    values = factor * np.eye(50, dtype=np.float32)[np.arange(70) % 50]
    left, right, own = prepare(values, "euclidean")[:3]
    squares = own[:, None] + own[None] - 2 * left @ right.T
    assert set(np.unique(squares)) == {0, 2 * factor**2}


@pytest.mark.parametrize("num_frames", [1, 127, 128, 129, 300])
def test_directions_do_not_depend_on_the_frames_beside(num_frames):
    values = frames(num=300, dim=9)
    values[::50] *= np.float32(1e-30)
    values[100] = 0
    whole = prepare(values.copy(), "angular")
    found = prepare(values[:num_frames].copy(), "angular")
    np.testing.assert_array_equal(found.left, whole.left[:num_frames])
    assert found.num_silent == int(num_frames > 100)
