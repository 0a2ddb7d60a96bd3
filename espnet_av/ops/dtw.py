"""Dynamic time warping of many pairs at once: mean cost along the cheapest path."""

from __future__ import annotations

import torch
from torch import Tensor


def dtw_means(costs: Tensor, num_rows: Tensor, num_columns: Tensor) -> Tensor:
    """Cost of the cheapest path from corner to corner, divided by the length of that path.

    Steps go down, right, and down and right, all of equal weight. Among equal ways into a place the
    diagonal comes first, then the one from the left; what lies outside of a pair plays no part.

    Args:
        costs: (P, R, C) of P pairs of sequences; integers are taken as floats.
        num_rows: (P,) int64, at least 1.
        num_columns: (P,) int64, at least 1.

    Returns:
        (P,) float.

    Raises:
        ValueError: a length is below 1 or above the size of `costs`.
    """
    if not costs.is_floating_point():
        costs = costs.float()
    for name, lengths, size in (
        ("row", num_rows, costs.shape[1]),
        ("column", num_columns, costs.shape[2]),
    ):
        if len(lengths) and not 1 <= int(lengths.min()) <= int(lengths.max()) <= size:
            msg = f"{name}s: lengths from {int(lengths.min())} to {int(lengths.max())} of {size}"
            raise ValueError(msg)
    # (P, C) of the row above, with what stands left of it
    sums, steps = costs[:, 0].cumsum(dim=1), torch.ones_like(costs[:, 0]).cumsum(dim=1)
    rows = [(sums, steps)]
    for row in range(1, costs.shape[1]):
        sums, steps = _next_row(costs[:, row], sums, steps)
        rows.append((sums, steps))
    place = (num_rows - 1, torch.arange(len(costs), device=costs.device), num_columns - 1)
    totals, lengths = (torch.stack(part)[place] for part in zip(*rows, strict=True))
    return totals / lengths


def _next_row(costs: Tensor, sums: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Sums and steps (P, C) of a row from those of the row above."""
    columns = [(sums[:, 0] + costs[:, 0], steps[:, 0] + 1)]
    for column in range(1, costs.shape[1]):
        best, length = sums[:, column - 1], steps[:, column - 1]
        for other, other_length in (columns[-1], (sums[:, column], steps[:, column])):
            nearer = other < best
            best, length = (
                torch.where(nearer, other, best),
                torch.where(nearer, other_length, length),
            )
        columns.append((best + costs[:, column], length + 1))
    new_sums, new_steps = zip(*columns, strict=True)
    return torch.stack(new_sums, dim=1), torch.stack(new_steps, dim=1)
