"""ABX counts of whole blocks of items without a compiler: the same as `abx_compiled`, in torch."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from espnet_av.ops.dtw import dtw_means

_PAIRS = 4096
"""Pairs that are aligned at a time."""
_NARROW = 0.014
"""Below it, where a cosine has few digits left, an angle is computed from the vectors."""


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
    """See `abx_compiled.count_blocks`."""
    frames = tuple(map(torch.from_numpy, (left, right, own)))
    counts = []
    for block in range(first, end):
        p, q = pairs[block].tolist()
        origins = item[segment[p]], item[segment[q]]
        ends = item[segment[p + 1]], item[segment[q + 1]]
        rows, columns = (origins[0], ends[0]), (origins[1], ends[1])
        found = _distances(frames, kind, frame, rows, columns)
        turned = found if p == q else _distances(frames, kind, frame, columns, rows)
        for k in range(task[block], task[block + 1]):
            x, a = int(task_x[k]), int(task_a[k])
            flipped = p != q and x >= segment[q]
            home, base = (p, origins[0]) if flipped else (q, origins[1])
            offset = origins[1] if flipped else origins[0]
            from_x = (turned if flipped else found)[item[x] - offset : item[x + 1] - offset]
            groups = [
                from_x[:, item[g] - base : item[g + 1] - base]
                for g in range(segment[home], segment[home + 1])
            ]
            to_a = groups.pop(a - int(segment[home]))
            if x == a:
                to_a = to_a.triu(1) + to_a.triu(1).T
            counts += [_nearer(to_a, to_b, own=x == a) for to_b in groups]
    return np.array(counts, dtype=np.float64)


def _nearer(to_a: Tensor, to_b: Tensor, *, own: bool) -> float:
    # (X, A, B)
    nearer = 0.5 * (1 + torch.sign(to_b[:, None] - to_a[:, :, None]))
    if own:
        nearer = nearer * (1 - torch.eye(len(to_a)))[:, :, None]
    return float(nearer.sum(dtype=torch.float64))


def _distances(
    frames: tuple[Tensor, ...],
    kind: int,
    frame: np.ndarray,
    rows: tuple[int, int],
    columns: tuple[int, int],
) -> Tensor:
    """(R, C) of items."""
    (row_frames, num_rows), (column_frames, num_columns) = (
        _padded(frame, *part) for part in (rows, columns)
    )
    left, right, own = frames
    found = []
    for start in range(0, row_frames.shape[0], max(1, _PAIRS // column_frames.shape[0])):
        part = slice(start, start + max(1, _PAIRS // column_frames.shape[0]))
        a, b = row_frames[part], column_frames
        products = torch.einsum("itd,jsd->ijts", left[a], right[b])
        if kind == 0:
            costs = products.clamp(-1, 1).acos()
            chords = _euclidean(left[a], right[b])
            costs = torch.where(costs < _NARROW, 2 * (chords / 2).asin(), costs) / math.pi
        else:
            both = own[a][:, None, :, None] + own[b][None, :, None, :]
            costs = _euclidean(left[a], right[b]) if kind == 1 else 0.5 * (both - products)
        lengths = num_rows[part, None].expand(-1, len(b)), num_columns[None].expand(len(a), -1)
        means = dtw_means(costs.flatten(0, 1).double(), *(length.reshape(-1) for length in lengths))
        found.append(means.float().view(len(a), len(b)))
    return torch.cat(found)


def _euclidean(left: Tensor, right: Tensor) -> Tensor:
    """(I, T, D) and (J, S, D) -> (I, J, T, S)."""
    flat = (left.flatten(0, 1), right.flatten(0, 1))
    costs = torch.cdist(*flat, compute_mode="donot_use_mm_for_euclid_dist")
    return costs.view(*left.shape[:2], *right.shape[:2]).transpose(1, 2)


def _padded(frame: np.ndarray, first: int, end: int) -> tuple[Tensor, Tensor]:
    """(I, T) frame numbers of items, the last one repeated, and (I,) lengths."""
    starts = torch.from_numpy(frame[first:end])
    lengths = torch.from_numpy(frame[first + 1 : end + 1]) - starts
    steps = torch.arange(int(lengths.max()))
    return starts[:, None] + torch.minimum(steps[None], lengths[:, None] - 1), lengths
