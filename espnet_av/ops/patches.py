"""Space-time patches of films: cut, put together again, normalised one by one."""

from __future__ import annotations

from torch import Tensor


def patchify(film: Tensor, patch: tuple[int, int, int]) -> Tensor:
    """Cuts films into boxes of frames, rows and columns.

    Args:
        film: (B, F, H, W, C); each side a multiple of that of the box.
        patch: frames, rows and columns of a box.

    Returns:
        (B, N, P), N = boxes by time, then row, then column; P = values by frame, row, column,
        channel.
    """
    frames, rows, columns = patch
    num_utts, length, height, width, channels = film.shape
    grid = (length // frames, height // rows, width // columns)
    boxes = film.reshape(
        num_utts, grid[0], frames, grid[1], rows, grid[2], columns, channels
    )  # (B, T, f, Y, r, X, c, C) -> (B, T, Y, X, f, r, c, C)
    return boxes.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4).flatten(1, 3)


def unpatchify(patches: Tensor, patch: tuple[int, int, int], grid: tuple[int, int, int]) -> Tensor:
    """Puts boxes back into films.

    Args:
        patches: (B, N, P) as `patchify` gives them.
        patch: frames, rows and columns of a box.
        grid: boxes along time, height and width; N is their product.

    Returns:
        (B, F, H, W, C).
    """
    boxes = patches.unflatten(1, grid).unflatten(4, (*patch, -1))
    # (B, T, Y, X, f, r, c, C) -> (B, T, f, Y, r, X, c, C)
    boxes = boxes.permute(0, 1, 4, 2, 5, 3, 6, 7)
    return boxes.flatten(5, 6).flatten(3, 4).flatten(1, 2)


def normalise_each(patches: Tensor) -> Tensor:
    """(..., P) -> the same with mean 0 and variance 1 of each row; even ones become 0."""
    centred = patches - patches.mean(dim=-1, keepdim=True)
    variance = centred.square().mean(dim=-1, keepdim=True)
    return centred * (variance + 1e-6).rsqrt()
