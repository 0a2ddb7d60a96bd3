"""The small ABX set whose scores by the tools of the field are known, and a slow ABX of loops."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import numpy as np

from espnet_av.score.abx.items import AbxItem, parse_time, write_items

HZ = 50
NUM_FRAMES = 60


def features() -> dict[str, np.ndarray]:
    """Six files f0 to f5 of 60 frames."""
    t, d = np.arange(NUM_FRAMES)[:, None], np.arange(5)[None]
    return {
        f"f{f}": (
            np.sin(0.37 * (t + 1) * (d + 1) + 0.9 * f) + 0.25 * np.cos(1.3 * t - 0.5 * d * f)
        ).astype(np.float32)
        for f in range(6)
    }


def items() -> list[AbxItem]:
    """48 items."""
    found = []
    for f in range(6):
        for k in range(8):
            onset = Decimal("0.0525") + Decimal("0.13") * k
            offset = onset + Decimal("0.06") + Decimal("0.0125") * ((k + f) % 4)
            phone = ("AA", "IY", "UW")[(k + f) % 3]
            around = (("B", "D"), ("K", "T"))[(k // 2 + f) % 2]
            times = (parse_time(str(time)) for time in (onset, offset))
            found.append(
                AbxItem(f"f{f}", *times, phone, *around, f"s{1 + f // 2}", f"line {len(found) + 2}")
            )
    return found


def write_set(folder: Path) -> Path:
    """Features as .npy, and the item file, whose path it returns."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in features().items():
        np.save(folder / f"{name}.npy", values)
    write_items(folder / "set.item", items())
    return folder / "set.item"


def dtw(costs: np.ndarray) -> float:
    """Cheapest path by a full table, then back along it: diagonal, left, up among equals."""
    rows, columns = costs.shape
    table = np.full((rows, columns), np.inf)
    for i in range(rows):
        for j in range(columns):
            before = [
                table[i - 1, j - 1] if i and j else np.inf,
                table[i, j - 1] if j else np.inf,
                table[i - 1, j] if i else np.inf,
            ]
            table[i, j] = costs[i, j] + (0 if i == j == 0 else min(before))
    i, j, length = rows - 1, columns - 1, 1
    while i or j:
        ways = [
            (table[i - 1, j - 1] if i and j else np.inf, i - 1, j - 1),
            (table[i, j - 1] if j else np.inf, i, j - 1),
            (table[i - 1, j] if i else np.inf, i - 1, j),
        ]
        _, i, j = min(ways, key=lambda way: way[0])
        length += 1
    return table[-1, -1] / length


def angular(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (x, y)]
    return np.arccos(np.clip(unit[0] @ unit[1].T, -1, 1)) / np.pi


def euclidean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(x[:, None] - y[None]).sum(-1))


def kl(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    p, q = x[:, None], y[None]
    return 0.5 * ((p - q) * (np.log(p + 1e-6) - np.log(q + 1e-6))).sum(-1)


def cells(
    frames: list[np.ndarray], labels: list[tuple[str, str, str]], *, across: bool, distance=angular
) -> dict[tuple[str, ...], tuple[float, int]]:
    """(A, B, context, speaker, speaker of X) -> error and triplets, by loops over all triplets.

    Args:
        frames: (T, D) of every item.
        labels: phone, context, speaker of every item.
        across: whether X is by another talker.
        distance: of two sequences' frames.
    """
    groups = defaultdict(list)
    for number, of in enumerate(labels):
        groups[of].append(number)

    def far(x: int, other: int) -> float:
        """X as rows; of two of one group the first."""
        if labels[x] == labels[other]:
            x, other = sorted((x, other))
        return np.float32(dtw(distance(frames[x], frames[other]).astype(np.float32)))

    found = {}
    for (phone, context, speaker), a_items in groups.items():
        for (other, b_context, b_speaker), b_items in groups.items():
            if other == phone or (b_context, b_speaker) != (context, speaker):
                continue
            for (x_phone, x_context, x_speaker), x_items in groups.items():
                if (x_phone, x_context) != (phone, context) or (x_speaker != speaker) != across:
                    continue
                wins = [
                    0.5 * (1 + np.sign(far(x, b) - far(x, a)))
                    for x in x_items
                    for a in a_items
                    for b in b_items
                    if a != x
                ]
                if wins:
                    key = (phone, other, context, speaker, x_speaker)
                    found[key] = (1 - float(np.mean(wins)), len(wins))
    return found
