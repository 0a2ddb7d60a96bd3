"""Which way up a picture is shown: phones store it as the sensor lies and add a matrix."""

from __future__ import annotations

from typing import Any, NamedTuple

import av
import numpy as np
from av.sidedata.sidedata import Type


class DisplayMatrix(NamedTuple):
    """Where a stored pixel is shown: x' = a x + c y, y' = b x + d y (ISO/IEC 14496-12, `tkhd`)."""

    a: int
    b: int
    c: int
    d: int


def display_matrix(frame: av.VideoFrame) -> DisplayMatrix | None:
    """The matrix that came with a frame; None: it is shown as it is stored.

    Ask for one frame of a file only: PyAV ties a frame that was asked to itself, and its memory is
    then kept until Python looks for such ties.
    """
    side_data: Any = frame.side_data
    found = side_data.get(Type.DISPLAYMATRIX)
    if found is None:
        return None
    a, b, _, c, d = np.frombuffer(found, np.int32)[:5].tolist()
    return DisplayMatrix(a, b, c, d)


def upright(picture: np.ndarray, matrix: DisplayMatrix | None) -> np.ndarray:
    """Turn and mirror a picture by quarter turns, the nearest ones.

    Args:
        picture: (H, W) or (H, W, 3) as it is stored.
        matrix: None leaves it as it is.

    Returns:
        The picture as it is shown; (W, H) or (W, H, 3) after a turn to the side.
    """
    if matrix is None:
        return picture
    a, b, c, d = matrix
    if abs(b) + abs(c) > abs(a) + abs(d):
        # Columns then come from rows, in the direction of c, and rows from columns.
        picture, a, d = picture.swapaxes(0, 1), c, b
    return np.ascontiguousarray(picture[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])
