"""Four points of a face per frame: reading them from files, filling gaps, smoothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.errors import MediaError
from espnet_av.roi.landmark_pickle import ArrayRecord, LandmarkUnpickler

NUM_POINTS = 4
"""Right eye, left eye, nose, mouth (the face's own right and left), x to the right, y down."""

_DLIB_GROUPS = (slice(36, 42), slice(42, 48), slice(31, 36), slice(48, 68))
"""The same four in dlib's 68 points: each the mean of a group."""

_DLIB_SHAPE = (68, 2)
_SHAPES = (_DLIB_SHAPE, (NUM_POINTS, 2))


def load_landmarks(path: str | Path, key: str | None = None) -> list[np.ndarray | None]:
    """Read a pickle with one entry a frame: dlib's 68 points, our four, or None.

    Args:
        path: pickle of a list, or of a dict from clip name to list.
        key: clip name when the pickle is a dict.

    Returns:
        One (4, 2) float64 array (pixels) or None a frame.

    Raises:
        MediaError: missing or unreadable file, a pickle with anything but arrays and plain
            containers, an unknown clip name, an array of another shape.
    """
    path = Path(path)
    content = _unpickle(path)
    if isinstance(content, dict):
        if key not in content:
            msg = f"{path}: no clip '{key}' among its {len(content)}; write landmarks.scp values "
            msg += "as <file.pkl>:<clip name>"
            raise MediaError(msg)
        content = content[key]
    frames = _frames(content, path)
    return [_four_points(item, f"{path}: frame {index}") for index, item in enumerate(frames)]


def fill_gaps(points: list[np.ndarray | None]) -> np.ndarray | None:
    """Interpolate linearly over missed frames and repeat the first and last found ones outwards.

    Returns:
        (V, 4, 2) float64, or None when no frame has points.
    """
    found = {index: item for index, item in enumerate(points) if item is not None}
    if not found:
        return None
    known = np.stack(list(found.values())).reshape(len(found), -1)
    frames = np.arange(len(points))
    filled = [np.interp(frames, list(found), column) for column in known.T]
    return np.stack(filled, axis=1).reshape(-1, NUM_POINTS, 2)


def smooth(points: np.ndarray, window: int, *, keep_centre: bool) -> np.ndarray:
    """Average every frame with its neighbours, up to window // 2 on each side.

    Args:
        points: (V, 4, 2) float.
        window: width in frames; 0 or 1 leaves the points as they are.
        keep_centre: smooth the shape only and leave each frame's mean point where it was, so that
            the crop follows the head; wanted where points come from every frame.

    Returns:
        (V, 4, 2) float64.
    """
    half = window // 2
    if half == 0:
        return points.astype(np.float64)
    num_frames = len(points)
    sums = np.concatenate([np.zeros((1, NUM_POINTS, 2)), np.cumsum(points, axis=0)])
    frames = np.arange(num_frames)
    begin, end = np.maximum(frames - half, 0), np.minimum(frames + half + 1, num_frames)
    mean = (sums[end] - sums[begin]) / (end - begin)[:, None, None]
    if keep_centre:
        mean += points.mean(axis=1, keepdims=True) - mean.mean(axis=1, keepdims=True)
    return mean


def _unpickle(path: Path) -> Any:
    try:
        status = path.stat()
        return _read(path.absolute(), status.st_mtime_ns, status.st_size)
    except FileNotFoundError as error:
        msg = f"{path}: no such landmark file; check landmarks.scp"
        raise MediaError(msg) from error
    except Exception as error:
        # A damaged pickle can fail in any way the protocol's operations can.
        msg = f"{path}: refused as a landmark pickle ({error}); expected arrays, lists and None"
        raise MediaError(msg) from error


@lru_cache(maxsize=1)
def _read(path: Path, changed: int, size: int) -> Any:
    """One file holds all clips of a corpus at times, which are asked for one after the other."""
    return LandmarkUnpickler(path.read_bytes()).load()


def _frames(content: Any, path: Path) -> Iterable[Any]:
    """One entry a frame; an array is not taken apart before it is known to be one of points."""
    frames = content
    if isinstance(content, ArrayRecord):
        try:
            frames = content.array()
        except (TypeError, ValueError) as error:
            msg = f"{path}: refused as a landmark pickle ({error}); expected arrays, lists and None"
            raise MediaError(msg) from error
    is_scalar = isinstance(frames, np.ndarray) and not frames.ndim
    if not isinstance(frames, list | tuple | np.ndarray) or is_scalar:
        msg = f"{path}: expected a list with one entry a frame, found {type(content).__name__}"
        raise MediaError(msg)
    return frames


def _four_points(item: Any, where: str) -> np.ndarray | None:
    if isinstance(item, list | tuple) and len(item) < 2:
        # Programs that find all faces of a picture give a list of them.
        item = item[0] if item else None
    if item is None:
        return None
    try:
        array = _points(item)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"{where}: not an array of points ({error})"
        raise MediaError(msg) from error
    if array is None or not np.isfinite(array).all():
        found = _size(item) if array is None else "NaN or infinity"
        msg = f"{where}: expected (68, 2) or (4, 2) finite numbers, found {found}"
        raise MediaError(msg)
    if array.shape == _DLIB_SHAPE:
        array = np.stack([array[group].mean(axis=0) for group in _DLIB_GROUPS])
    return array


def _points(item: Any) -> np.ndarray | None:
    """The points of a frame, float64; None = they are of another number.

    Sizes come first: a pickle can name one long list again and again, within itself too.
    """
    if isinstance(item, ArrayRecord | np.ndarray) and item.shape not in _SHAPES:
        return None
    if isinstance(item, ArrayRecord):
        item = item.array()
    if isinstance(item, np.ndarray):
        if not item.dtype.hasobject:
            return np.array(item, np.float64)
        item = item.tolist()
    if not isinstance(item, list | tuple):
        msg = f"a {type(item).__name__}"
        raise TypeError(msg)
    if (len(item), 2) not in _SHAPES:
        return None
    pairs = [pair for pair in map(_pair, item) if pair is not None]
    return np.array(pairs, np.float64) if len(pairs) == len(item) else None


def _pair(row: Any) -> Sequence[float] | None:
    """Values of a row; None = they are not two."""
    if isinstance(row, ArrayRecord):
        row = row.array().tolist() if row.shape == (2,) else ()
    if not isinstance(row, list | tuple):
        msg = f"a row that is a {type(row).__name__}"
        raise TypeError(msg)
    if len(row) != 2:
        return None
    if not all(isinstance(value, int | float) for value in row):
        msg = "a row that is not of numbers"
        raise TypeError(msg)
    return row


def _size(item: Any) -> str:
    if isinstance(item, ArrayRecord | np.ndarray):
        return f"shape {item.shape!s:.60}"
    if any(isinstance(row, ArrayRecord) and row.shape in _SHAPES for row in item):
        return f"{len(item)} faces; keep the speaker's alone"
    return f"{len(item)} rows, or rows of another length than 2"
