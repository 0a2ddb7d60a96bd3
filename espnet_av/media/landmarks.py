"""Four points of a face per frame: reading them from files, filling gaps, smoothing."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from espnet_av.errors import MediaError

NUM_POINTS = 4
"""Right eye, left eye, nose, mouth (the face's own right and left), x to the right, y down."""

_DLIB_GROUPS = (slice(36, 42), slice(42, 48), slice(31, 36), slice(48, 68))
"""The same four in dlib's 68 points: each the mean of a group."""

_NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy._core.numeric")
_SAFE_GLOBALS = frozenset(
    {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
    | {
        (module, name)
        for module in (*_NUMPY_MODULES, "numpy.core.numeric")
        for name in ("_reconstruct", "scalar", "_frombuffer")
    }
    | {
        (module, name)
        for module in ("builtins", "__builtin__")
        for name in ("list", "tuple", "dict", "set", "int", "float", "bool", "str", "bytes")
    }
)


class _ArrayUnpickler(pickle.Unpickler):
    """Builds numpy arrays and plain containers; anything else could run code and is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _SAFE_GLOBALS:
            msg = f"it holds '{module}.{name}', which is no array or plain container"
            raise pickle.UnpicklingError(msg)
        return super().find_class(module, name)


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
    if not isinstance(content, (list, tuple, np.ndarray)):
        msg = f"{path}: expected a list with one entry a frame, found {type(content).__name__}"
        raise MediaError(msg)
    return [_four_points(item, f"{path}: frame {index}") for index, item in enumerate(content)]


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
        return _ArrayUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except FileNotFoundError as error:
        msg = f"{path}: no such landmark file; check landmarks.scp"
        raise MediaError(msg) from error
    except Exception as error:
        # A damaged pickle can fail in any way the protocol's operations can.
        msg = f"{path}: refused as a landmark pickle ({error}); expected arrays, lists and None"
        raise MediaError(msg) from error


def _four_points(item: Any, where: str) -> np.ndarray | None:
    if item is None:
        return None
    try:
        array = np.asarray(item, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{where}: not an array of points ({error})"
        raise MediaError(msg) from error
    if array.shape == (68, 2):
        array = np.stack([array[group].mean(axis=0) for group in _DLIB_GROUPS])
    if array.shape != (NUM_POINTS, 2) or not np.isfinite(array).all():
        msg = f"{where}: expected (68, 2) or (4, 2) finite numbers, found shape {array.shape}"
        raise MediaError(msg)
    return array
