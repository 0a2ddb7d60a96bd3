"""Triplets counted one by one, by searches, and by loops."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")
from espnet_av.ops.abx_triplets import count_task


@pytest.mark.parametrize("size", [3, 40])
@pytest.mark.parametrize("flipped", [False, True])
def test_x_among_a_and_by_itself(size, flipped):
    # Three groups of `size` items each; few distances, so that many are equal.
    far = np.random.default_rng(size).integers(0, 5, (3 * size, 3 * size)).astype(np.float32)
    item, groups = np.arange(0, 3 * size + 1, size), (0, 3)
    for x, a in ((1, 1), (0, 1)):
        counts = np.zeros(4)
        count_task(np.stack([far, far.T]), (0, 0), flipped, item, x, a, groups, counts, 1)
        rows = far[item[x] : item[x + 1]]
        expected = [0.0]
        for b in {0, 1, 2} - {a}:
            total = 0.0
            for n, row in enumerate(rows):
                to_a = np.delete(row[item[a] : item[a + 1]], n if x == a else [])
                difference = row[item[b] : item[b + 1]][None] - to_a[:, None]
                total += float((0.5 * (1 + np.sign(difference))).sum())
            expected.append(total)
        assert counts.tolist() == [*expected, 0.0]
