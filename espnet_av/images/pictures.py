"""Pictures in folders, seen by an encoder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from espnet_av.errors import ArrayError, DataDirError, MediaError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.encoder import PatchEncoder, grid_boxes
from espnet_av.images.regions import Regions
from espnet_av.images.source import Found, ImageSource, image_name
from espnet_av.media.picture import SUFFIXES, read_picture

logger = logging.getLogger(__name__)


class PictureSource(ImageSource):
    """A folder of JPEG and PNG files, and those below it; names without suffix are images.

    Args:
        folder: links are followed, hidden files passed over.
        config: the largest picture, and how many at a time.
        encoder: what looks at them.

    Raises:
        DataDirError: there is no picture.
    """

    def __init__(self, folder: Path, config: ImagesConfig, encoder: PatchEncoder) -> None:
        self._folder, self._config, self._encoder = folder, config, encoder
        self._paths: dict[str, str] = {}
        for place, files in sorted(_walk(folder)):
            for file in sorted(files):
                if file.lower().endswith(SUFFIXES) and not file.startswith("."):
                    path = str(Path(place, file))
                    if self._paths.setdefault(image_name(file), path) != path:
                        first = self._paths[image_name(file)]
                        logger.warning("%s: of the name of %s, which counts", path, first)
        if not self._paths:
            msg = f"{folder}: no {', '.join(SUFFIXES)} in it or below; check the path"
            raise DataDirError(msg)

    def names(self) -> Sequence[str]:
        """See `ImageSource`."""
        return list(self._paths)

    def read(self, names: Sequence[str]) -> Iterator[Found]:
        """See `ImageSource`."""
        size = self._config.batch_size
        for start in range(0, len(names), size):
            yield from self._read_batch(names[start : start + size])

    def _read_batch(self, names: Sequence[str]) -> Iterator[Found]:
        found: dict[str, np.ndarray | ArrayError] = {}
        side = (self._encoder.side, self._encoder.side)
        for name in names:
            try:
                picture = read_picture(self._paths[name], self._config.max_pixels)
                found[name] = cv2.resize(picture, side, interpolation=cv2.INTER_AREA)
            except MediaError as error:
                found[name] = ArrayError(str(error), "unreadable picture")
        pixels = {name: p for name, p in found.items() if not isinstance(p, ArrayError)}
        features: dict[str, np.ndarray] = {}
        if pixels:
            encoded = self._encoder.encode(np.stack(list(pixels.values())))
            features = dict(zip(pixels, encoded, strict=True))
        for name, value in found.items():
            if isinstance(value, ArrayError):
                yield name, value
            else:
                yield name, Regions(features[name], grid_boxes(len(features[name])))

    def mark(self, names: Sequence[str]) -> object:
        """See `ImageSource`."""
        return (self._encoder.mark(), [(name, _size(self._paths[name])) for name in names])

    def files(self, name: str) -> Sequence[str]:
        """See `ImageSource`."""
        return (self._paths[name],)

    def describe(self) -> dict[str, object]:
        """See `ImageSource`."""
        return {"folder": str(self._folder), "pictures": len(self._paths)}


def _walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Folders and their files; one that links lead to again is there once."""
    seen: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        status = Path(place).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        yield place, files


def _size(path: str) -> int:
    """Bytes; -1 of a link to nothing, which is dropped when it is read."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return -1
