"""Features of a detector in HDF5, as the FaST-VGS family writes them: a row an image."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from espnet_av.errors import ArrayError, ConfigError, DataDirError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.regions import Detection, to_regions
from espnet_av.images.source import Found, ImageSource, image_name

if TYPE_CHECKING:
    import h5py

logger = logging.getLogger(__name__)

_AXES = {"img_h": 1, "img_w": 1, "boxes": 3, "features": 3}
_CONFIDENCE = "objects_conf"
_NAMES = "img_id"
_NAME_LENGTH = 27
"""Bytes that FaST-VGS keeps of a name; longer ones stand in its JSON alone."""


class Hdf5Source(ImageSource):
    """One HDF5 file.

    Args:
        path: the file.
        config: sizes to expect, order of the regions, JSON of the names.

    Raises:
        ConfigError: h5py is not installed.
        DataDirError: it is no such file, or its JSON is that of another one.
    """

    def __init__(self, path: Path, config: ImagesConfig) -> None:
        self._path, self._config = path, config
        file = _open(path)
        self._arrays = _arrays(path, file)
        listed = config.index.get(path.name)
        self._rows = _rows(
            path, file, len(self._arrays["features"]), Path(listed) if listed else None
        )

    def names(self) -> Sequence[str]:
        """See `ImageSource`."""
        return list(self._rows)

    def read(self, names: Sequence[str]) -> Iterator[Found]:
        """See `ImageSource`."""
        for name in names:
            try:
                yield name, to_regions(self._detection(self._rows[name]), self._config)
            except OSError as error:
                msg = f"{self._path}: row {self._rows[name]}: cannot be read ({error})"
                yield name, ArrayError(msg, "array that is damaged")
            except ArrayError as error:
                where = f"{self._path}: row {self._rows[name]}"
                yield name, ArrayError(f"{where}: {error}", error.reason)

    def _detection(self, row: int) -> Detection:
        array, sure = self._arrays, self._arrays.get(_CONFIDENCE)
        height, width = float(array["img_h"][row]), float(array["img_w"][row])
        if not (height.is_integer() and width.is_integer()):
            msg = f"an image of {width:g} x {height:g} pixels"
            raise ArrayError(msg, "image without a size")
        return Detection(
            int(height),
            int(width),
            np.asarray(array["features"][row], np.float32),
            np.asarray(array["boxes"][row], np.float32),
            None if sure is None else np.asarray(sure[row], np.float32),
        )

    def mark(self, names: Sequence[str]) -> object:
        """See `ImageSource`."""
        status = self._path.stat()
        # The rows, too: another JSON may say where the images are.
        return (status.st_size, status.st_mtime_ns, [self._rows[name] for name in names])

    def describe(self) -> dict[str, object]:
        """See `ImageSource`."""
        size = self._path.stat().st_size
        return {"file": str(self._path), "images": len(self._rows), "bytes": size}


def _open(path: Path) -> h5py.File:
    try:
        import h5py
    except ModuleNotFoundError as error:
        msg = f"{path}: h5py is not installed; run: pip install h5py"
        raise ConfigError(msg) from error
    try:
        return h5py.File(path, "r")
    except OSError as error:
        told = " ".join(str(error).split())[:120]
        msg = f"{path}: cannot be read as HDF5 ({told}); fetch or make it again"
        raise DataDirError(msg) from error


def _arrays(path: Path, file: h5py.File) -> dict[str, Any]:
    """The arrays, which agree in images and regions."""
    lacking = [name for name in _AXES if name not in file]
    if lacking:
        msg = (
            f"{path}: no {', '.join(lacking)} in it, but {', '.join(list(file)[:8]) or 'nothing'}; "
            "expected the features that FaST-VGS writes: img_h, img_w, boxes, features, and "
            "objects_conf to order them by"
        )
        raise DataDirError(msg)
    arrays = {name: file[name] for name in (*_AXES, _CONFIDENCE) if name in file}
    for name, array in arrays.items():
        kind = getattr(getattr(array, "dtype", None), "kind", "")
        if not kind or kind not in "fiu":
            msg = f"{path}: {name} holds no numbers ({getattr(array, 'dtype', 'a group')}); make "
            raise DataDirError(msg + "the file again")
    count, regions = file["features"].shape[:1], file["features"].shape[1:2]
    for name, array in arrays.items():
        expected = count + (regions if name not in ("img_h", "img_w") else ())
        axes = _AXES.get(name, 2)
        if array.shape[: len(expected)] != expected or array.ndim != axes:
            msg = f"{path}: {name} has shape {array.shape}, features {file['features'].shape}; "
            raise DataDirError(msg + "these are of different files: make it again")
    return arrays


def _rows(path: Path, file: h5py.File, count: int, listed: Path | None) -> dict[str, int]:
    """Image -> its row, of the JSON if there is one, else of the file."""
    inside = [_text(name) for name in file[_NAMES][:]] if _NAMES in file else []
    if listed is None and not inside:
        msg = (
            f"{path}: it does not name its images (no {_NAMES}); give the JSON that was written "
            f"beside it: index: {{{path.name}: <file>_imgid2idex.json}}"
        )
        raise DataDirError(msg)
    names = dict(enumerate(inside)) if listed is None else _read_index(listed, path, count)
    for row, name in names.items():
        if inside and inside[row].encode() != name.encode()[:_NAME_LENGTH]:
            msg = (
                f"{listed}: {name!a} is said to be row {row} of {path}, which is {inside[row]!a}: "
                "the JSON is of another image set; give the one that was written beside the file"
            )
            raise DataDirError(msg)
    if listed is None and len(inside) != count:
        msg = (
            f"{path}: {len(inside)} names in {_NAMES} of {count} images: it was not written to its "
        )
        raise DataDirError(msg + "end; make it again")
    found: dict[str, int] = {}
    for row, name in sorted(names.items()):
        if name and found.setdefault(image_name(name), row) != row:
            logger.warning("%s: row %d: %s again; its first row counts", path, row, name)
    return found


def _read_index(path: Path, features: Path, count: int) -> dict[int, str]:
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))
        rows = {int(row): str(name) for name, row in pairs.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        told = " ".join(str(error).split())[:100]
        msg = f"{path}: no JSON of `image: row` ({told}); check the path in `index`"
        raise DataDirError(msg) from error
    beyond = max(rows, default=-1)
    if not rows or min(rows) < 0 or beyond >= count:
        msg = (
            f"{path}: names row {beyond}, and {features} has {count}: the JSON is of another image "
            "set; give the one that was written beside the file"
        )
        raise DataDirError(msg)
    return rows


def _text(name: Any) -> str:
    return name.decode("utf-8", "ignore") if isinstance(name, bytes) else str(name)
