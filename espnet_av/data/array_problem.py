"""What is wrong with an array of a data dir: its axes, and for boxes their order and place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

_SLACK = 1e-4
"""Of rounding: float16 knows no number between 1 and this above it."""
_CORNERS = 4
"""x1 y1 x2 y2."""


class ArrayProblem(NamedTuple):
    """Why an array is not taken."""

    reason: str
    """A few words, the same for all of its kind."""
    detail: str
    """What was found, and what to do."""


ArrayCheck = Callable[["np.ndarray"], ArrayProblem | None]


def vector_problem(array: np.ndarray) -> ArrayProblem | None:
    """Of one vector (D,)."""
    return _axes_problem(array, 1, "(D,)")


def regions_problem(array: np.ndarray) -> ArrayProblem | None:
    """Of the features (R, D) of the regions of an image."""
    return _axes_problem(array, 2, "(regions, D)")


def states_problem(array: np.ndarray) -> ArrayProblem | None:
    """Of the states (T, N, D) of all layers of a model, frame by frame."""
    return _axes_problem(array, 3, "(frames, states, D)")


def boxes_problem(array: np.ndarray) -> ArrayProblem | None:
    """Of boxes (R, 4): x1 y1 x2 y2 in shares of the width and height of their image."""
    if problem := _axes_problem(array, 2, "(regions, 4)"):
        return problem
    if array.shape[1] != _CORNERS:
        detail = f"shape {array.shape}, expected (regions, 4): x1 y1 x2 y2"
        return ArrayProblem("boxes without four corners", detail)
    outside = (array < -_SLACK) | (array > 1 + _SLACK)
    if outside.any():
        row = int(outside.any(axis=1).argmax())
        detail = (
            f"region {row + 1} is {_told(array[row])}; corners are shares of the width and height, "
            "from 0 to 1: divide pixels by these"
        )
        return ArrayProblem("box outside its image", detail)
    turned = (array[:, :2] > array[:, 2:]).any(axis=1)
    if turned.any():
        row = int(turned.argmax())
        detail = (
            f"region {row + 1} is {_told(array[row])}; expected x1 y1 x2 y2 with x1 <= x2 and "
            "y1 <= y2: is it x y width height, or y before x?"
        )
        return ArrayProblem("corners of a box in another order", detail)
    return None


def _axes_problem(array: np.ndarray, num_axes: int, form: str) -> ArrayProblem | None:
    if array.ndim == num_axes and array.size:
        return None
    detail = f"shape {array.shape}, expected {form} with at least one of each"
    return ArrayProblem("array of another shape", detail)


def _told(box: np.ndarray) -> str:
    return " ".join(f"{float(corner):g}" for corner in box)
