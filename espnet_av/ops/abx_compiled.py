"""ABX counts of whole blocks of items, compiled: products, alignments and comparisons in one go.

Every unordered pair of items that a cell needs is aligned once; the cells are read off the matrix.
"""

from __future__ import annotations

import numpy as np

from espnet_av.ops.abx_distances import fill_distances
from espnet_av.ops.abx_triplets import count_task
from espnet_av.ops.compiled import compiled

_TILE = 1 << 18
"""Products at a time; they stay in the cache."""


@compiled
def count_blocks(
    left: np.ndarray,
    right: np.ndarray,
    own: np.ndarray,
    kind: int,
    frame: np.ndarray,
    item: np.ndarray,
    segment: np.ndarray,
    pairs: np.ndarray,
    task: np.ndarray,
    task_x: np.ndarray,
    task_a: np.ndarray,
    cell: np.ndarray,
    first: int,
    end: int,
) -> np.ndarray:
    """Triplets of every cell in which A is nearer to X than B is; ties count half.

    X is the rows of an alignment; where A is of the same group, the first of the two is.

    Items lie one behind the other in frames, groups in items, segments in groups. A block is a pair
    of segments (the same one within talkers); its tasks are pairs of groups X and A of one phone,
    each X once, and a task has a cell for every other group of A's segment, in order.

    Args:
        left: (N, D) float32 frames, see `frame_distance.prepare`.
        right: (N, D) float32, or the same.
        own: (N,) float32.
        kind: ANGULAR, EUCLIDEAN or KL.
        frame: (M + 1,) int64, first frame of every item.
        item: (G + 1,) int64, first item of every group; within a segment that is its own partner,
            groups that are X come first.
        segment: (S + 1,) int64, first group of every segment.
        pairs: (R, 2) int64, segments of every block, the lower one first.
        task: (R + 1,) int64, first task of every block.
        task_x: (K,) int64, group.
        task_a: (K,) int64, group.
        cell: (K + 1,) int64, first cell of every task.
        first: block to start with.
        end: block to end before.

    Returns:
        float64 counts of the cells of these blocks.
    """
    longest = 1
    for m in range(frame.size - 1):
        longest = max(longest, frame[m + 1] - frame[m])
    sums, steps = np.empty(longest, np.float64), np.empty(longest, np.int64)
    room, matrix = np.empty(_TILE, np.float32), np.empty(64, np.float32)
    taken = np.zeros(item.size, np.bool_)
    start = cell[task[first]]
    counts = np.zeros(cell[task[end]] - start, np.float64)
    for block in range(first, end):
        p, q = pairs[block, 0], pairs[block, 1]
        origins = (item[segment[p]], item[segment[q]])
        height, width = item[segment[p + 1]] - origins[0], item[segment[q + 1]] - origins[1]
        if 2 * height * width > matrix.size:
            matrix = np.empty(2 * height * width, np.float32)
        found = matrix[: 2 * height * width].reshape(2, height, width)
        xs = task_x[task[block] : task[block + 1]]
        room = fill_distances(
            left, right, own, kind, frame, item, segment, (p, q), xs, room, sums, steps,
            taken, found,
        )  # fmt: skip
        for k in range(task[block], task[block + 1]):
            flipped = p != q and task_x[k] >= segment[q]
            home = p if flipped else q
            count_task(
                found, origins, flipped, item, task_x[k], task_a[k],
                (segment[home], segment[home + 1]), counts, cell[k] - start,
            )  # fmt: skip
    return counts
