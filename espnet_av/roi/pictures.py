"""The pictures of a clip, to be gone through more than once without holding a large one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from espnet_av.media.pixel_shape import with_shape_of
from espnet_av.media.video import iter_frames
from espnet_av.rates import FRAME_HZ
from espnet_av.roi.shots import Shot, find_shots, thumbnail

KEPT_BYTES = 2**28
"""Clips up to this size stay in memory: 20 s of 640x480 grey; 20 s of 1080p would be 1 GB."""


class Pictures:
    """Gives the same pictures on every pass.

    The first pass decodes and looks where the film cuts; what is small enough is kept, a larger
    clip is decoded again each time, and then only the picture at hand is in memory.

    Args:
        path: any file with a video track.
        fps: pictures a second.
        start: first second.
        end: second to stop at, None for the file's end.
        gray: grey instead of RGB.
        kept_bytes: size up to which a clip stays in memory.
        like: a picture whose size all get; none: the first one's.
    """

    def __init__(
        self,
        path: str | Path,
        fps: float = FRAME_HZ,
        start: float = 0.0,
        end: float | None = None,
        *,
        gray: bool = False,
        kept_bytes: int = KEPT_BYTES,
        like: np.ndarray | None = None,
    ) -> None:
        self._source = (path, fps, start, end, gray)
        self._limit = self._kept_bytes = kept_bytes
        self._like = like
        self._kept: list[np.ndarray] | None = None
        self._shots: list[Shot] | None = None

    @property
    def shots(self) -> list[Shot]:
        """The shots of the film, one at least; the first pass is made if it was not."""
        if self._shots is None:
            for _ in self:
                pass
        assert self._shots is not None
        return self._shots

    def part(self, shot: Shot) -> Iterable[np.ndarray]:
        """The pictures of one shot, for as many passes."""
        if self._kept is not None:
            return self._kept[shot.begin : shot.end]
        path, fps, start, _, gray = self._source
        first = round(start * fps)
        times = ((first + index) / fps for index in shot)
        # Where the film changes its size, the points of all parts are still those of one picture.
        like = self._like
        return Pictures(path, fps, *times, gray=gray, kept_bytes=self._limit, like=like)

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield (H, W, 3) uint8 RGB, or (H, W) uint8 if grey; errors as in `iter_frames`."""
        return self._decode() if self._kept is None else iter(self._kept)

    def _decode(self) -> Iterator[np.ndarray]:
        kept: list[np.ndarray] | None = []
        thumbnails: list[np.ndarray] = []
        size = 0
        for decoded in iter_frames(*self._source):
            self._like = decoded if self._like is None else self._like
            picture = with_shape_of(decoded, self._like)
            size += picture.nbytes
            if self._shots is None:
                thumbnails.append(thumbnail(picture))
            if kept is None or size > self._kept_bytes:
                kept, self._kept_bytes = None, 0
            else:
                kept.append(picture)
            yield picture
        self._kept = kept
        self._shots = self._shots or find_shots(thumbnails)
