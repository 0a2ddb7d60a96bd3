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
    unused = np.zeros((1, 1), np.float32)
    to_costs(found, unused, unused, unused[0], 0, 0, ANGULAR)
    expected = np.arccos(np.clip(cosines.astype(np.float64), -1, 1)) / np.pi
    np.testing.assert_allclose(found[0], expected, atol=2e-7)


def test_equal_frames_are_at_no_distance():
    frames = np.random.default_rng(0).normal(size=(4, 300)).astype(np.float32)
    frames[1] = frames[0]
    own = np.einsum("nd,nd->n", frames, frames)
    found = frames @ frames.T
    found[0, 1] += 1e-3  # what rounding may leave
    to_costs(found, frames, frames, own, 0, 0, EUCLIDEAN)
    assert found[0, 1] == 0.0
