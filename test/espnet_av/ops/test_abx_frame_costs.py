"""Distances of frames: arc cosine against numpy's, and frames that are equal."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")
from espnet_av.ops.abx_frame_costs import ANGULAR, EUCLIDEAN, KL, to_costs
from espnet_av.ops.frame_distance import DISTANCES


def test_kinds_are_numbered_as_they_are_named():
    assert tuple(map(DISTANCES.index, ("angular", "euclidean", "kl"))) == (ANGULAR, EUCLIDEAN, KL)


def test_arc_cosine_of_every_cosine():
    cosines = np.concatenate([np.linspace(-1, 1, 4001), [1.5, -1.5, 1 - 1e-7]]).astype(np.float32)
    found = cosines[None].copy()
    angles = np.arccos(np.clip(cosines.astype(np.float64), -1, 1))
    right = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    to_costs(found, np.array([[1, 0]], np.float32), right, right[0], 0, 0, ANGULAR)
    expected = np.arccos(np.clip(cosines.astype(np.float64), -1, 1)) / np.pi
    np.testing.assert_allclose(found[0], expected, atol=2e-7)


def test_equal_directions_and_right_angles_are_exact():
    frames = np.random.default_rng(0).normal(size=(3, 300)).astype(np.float32)
    frames /= np.linalg.norm(frames, axis=1, keepdims=True)
    found = frames @ frames.T - np.float32(3e-7)  # what rounding may leave
    found[0, 1] = 0
    to_costs(found, frames, frames, frames[0], 0, 0, ANGULAR)
    assert found.diagonal().tolist() == [0, 0, 0]
    assert found[0, 1] == 0.5


def test_equal_frames_are_at_no_distance():
    frames = np.random.default_rng(0).normal(size=(4, 300)).astype(np.float32)
    frames[1] = frames[0]
    own = np.einsum("nd,nd->n", frames, frames)
    found = frames @ frames.T
    found[0, 1] += 1e-3  # what rounding may leave
    to_costs(found, frames, frames, own, 0, 0, EUCLIDEAN)
    assert found[0, 1] == 0.0
