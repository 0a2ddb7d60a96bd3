"""The pictures of a clip, to be gone through more than once without holding a large one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from espnet_av.media.video import iter_frames

KEPT_BYTES = 2**28
"""Clips up to this size stay in memory: 20 s of 640x480 grey; 20 s of 1080p would be 1 GB."""


class Pictures:
    """Gives the same pictures on every pass.

    The first pass decodes; what is small enough is kept, a larger clip is decoded again each time,
    and then only the picture at hand is in memory.

    Args:
        path: any file with a video track.
        fps: pictures a second.
        start: first second.
        end: second to stop at, None for the file's end.
        gray: grey instead of RGB.
        kept_bytes: size up to which a clip stays in memory.
    """

    def __init__(
        self,
        path: str | Path,
        fps: float = 25.0,
        start: float = 0.0,
        end: float | None = None,
        *,
        gray: bool = False,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._source = (path, fps, start, end, gray)
        self._kept_bytes = kept_bytes
        self._kept: list[np.ndarray] | None = None

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield (H, W, 3) uint8 RGB, or (H, W) uint8 if grey; errors as in `iter_frames`."""
        return self._decode() if self._kept is None else iter(self._kept)

    def _decode(self) -> Iterator[np.ndarray]:
        kept: list[np.ndarray] | None = []
        size = 0
        for picture in iter_frames(*self._source):
            size += picture.nbytes
            if kept is None or size > self._kept_bytes:
                kept, self._kept_bytes = None, 0
            else:
                kept.append(picture)
            yield picture
        self._kept = kept
