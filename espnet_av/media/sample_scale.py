"""Full scale of sound stored as numbers of 32 bits or more, which hold any other scale as well."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.errors import MediaError
from espnet_av.media.container import decode, open_media

logger = logging.getLogger(__name__)

ANY_SCALE = ("pcm_f16", "pcm_f24", "pcm_f32", "pcm_f64", "pcm_s32")
"""How the names of such codecs begin in FFmpeg."""
_INTEGERS = 64.0
"""Peaks above are integers that were stored as they are; below, somebody's overshoot."""
_INTEGER_PEAKS = ((2.0**17, 2.0**15), (2.0**25, 2.0**23), (np.inf, 2.0**31))
"""(peaks below, full scale): 16, 24 and 32 bits; a peak may pass its full scale a little."""
_FAINT = 2.0**-15
"""Samples of 16 bits put into 32, or divided twice; as 16 bits nothing would be left of them."""
_CLIPPED_SHARE = 0.01
"""More samples beyond full scale than this are no overshoot."""


class Level(NamedTuple):
    """How loud the samples of a file are."""

    peak: float
    """Largest magnitude."""
    share_beyond: float
    """Share of samples of a magnitude above one."""

    @property
    def full_scale(self) -> float:
        """What to divide by, so that the sound is neither cut off at one nor lost."""
        if 0 < self.peak <= _FAINT:
            return _FAINT
        if self.peak > _INTEGERS:
            return next(scale for below, scale in _INTEGER_PEAKS if self.peak < below)
        return self.peak if self.share_beyond > _CLIPPED_SHARE else 1.0


def to_full_scale(channels: np.ndarray, path: str | Path, *, is_whole: bool) -> np.ndarray:
    """Bring sound of another scale to -1..1 and say so in the log; a few overshoots stay.

    Args:
        channels: (C, S) float32, from a file of such a codec, full scale 1 if it says so itself.
        path: that file.
        is_whole: these are all of its samples; otherwise the whole file is looked at, for a quiet
            stretch does not tell its scale.

    Returns:
        (C, S) float32; the same array if the scale is right.

    Raises:
        MediaError: samples that are no finite numbers.
    """
    if not np.isfinite(channels).all():
        msg = (
            f"{path}: samples that are no finite numbers (NaN or infinity); the program that "
            "wrote them divided by zero: make the file again"
        )
        raise MediaError(msg)
    peak = float(np.abs(channels).max(initial=0))
    if is_whole and (peak == 0 or _FAINT < peak <= 1):
        return channels
    info = Path(path).stat()
    full_scale = _level(str(path), info.st_size, info.st_mtime_ns).full_scale
    if full_scale == 1:
        return channels
    scaled: np.ndarray = channels / np.float32(full_scale)
    return scaled


@lru_cache(maxsize=1024)
def _level(path: str, size: int, mtime_ns: int) -> Level:
    """Level of a file, as long as it is the same; once for its many segments."""
    peak, num_beyond, count = 0.0, 0, 0
    with open_media(path, "audio") as (container, stream):
        for frame in decode(container, stream):
            stored = frame.to_ndarray()
            samples = np.abs(stored.astype(np.float64))
            if stored.dtype.kind == "i":
                samples /= 2.0 ** (8 * stored.itemsize - 1)
            samples = samples[np.isfinite(samples)]
            peak = max(peak, float(samples.max(initial=0)))
            num_beyond += int((samples > 1).sum())
            count += samples.size
    level = Level(peak, num_beyond / max(count, 1))
    if level.full_scale != 1:
        logger.warning(
            "%s: samples up to %g, where 1 is full scale; all are divided by %g",
            path,
            peak,
            level.full_scale,
        )
    return level
