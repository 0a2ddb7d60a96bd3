"""Lists of landmarks made at a film's own rate, for clips of 25 frames a second."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, cast

import av
import numpy as np

from espnet_av.errors import MediaError
from espnet_av.media.container import open_media, packets
from espnet_av.media.origin import origin_sec
from espnet_av.media.picture_times import Picture, at_constant_rate
from espnet_av.media.track_length import track_seconds
from espnet_av.rates import FRAME_HZ

MAX_SHORTAGE = 2
"""Frame counts of different decoders differ by a frame at the ends."""

Points = list[np.ndarray | None]


class _Film(NamedTuple):
    num_pictures: int
    shown: list[int]
    """Number of the picture that is shown at each frame of 25 Hz."""
    fps: float


def at_25_hz(points: Points, film: Path, where: str) -> tuple[Points, str]:
    """Landmarks of a whole film at 25 a second, from as many, or from one for each picture of it.

    Args:
        points: one entry a frame.
        film: the file of the pictures; its packets are counted unless its header explains `points`.
        where: the entry of landmarks.scp, for messages.

    Returns:
        The landmarks, and what the report should say (nothing when they were at 25 Hz).

    Raises:
        MediaError: neither rate explains the number of entries, within 2.
    """
    if len(points) == round(track_seconds(film, "video") * FRAME_HZ):
        return points, ""
    found = _count_pictures(film)
    num_frames = len(found.shown)
    away, own_away = abs(len(points) - num_frames), abs(len(points) - found.num_pictures)
    if away <= min(MAX_SHORTAGE, own_away):
        return points, ""
    if own_away > MAX_SHORTAGE:
        msg = (
            f"{where}: {len(points)} entries, while {film} has {found.num_pictures} pictures at "
            f"{found.fps:.3f} a second, which are {num_frames} at 25 a second; were they made at "
            "another rate, or of another film? make one entry for each of its pictures"
        )
        raise MediaError(msg)
    padded = points + [None] * MAX_SHORTAGE
    note = f"landmarks at the film's {found.fps:.3f} a second were read at 25"
    return [padded[number] for number in found.shown], note


def stretched(points: Points, film: Path, picture: np.ndarray) -> Points:
    """Points in the stored pixels of a film, for pictures that were given square pixels.

    Args:
        points: one entry a frame, in pixels as programs that know of no pixel shapes see them, with
            the film already turned upright.
        film: the file of the pictures.
        picture: one of them as it is shown.
    """
    with open_media(film, "video") as (_, stream):
        stored = np.array([stream.width, stream.height])
    shown = np.array([picture.shape[1], picture.shape[0]])
    # Only one side is ever stretched; which is stored as which, the other one tells.
    stored = stored if (shown == stored).any() else stored[::-1]
    if (shown == stored).all():
        return points
    # The outer edges of the pixels stay in place, not their centres.
    factor = shown / stored
    return [None if item is None else (item + 0.5) * factor - 0.5 for item in points]


def _count_pictures(path: Path) -> _Film:
    state = path.stat()
    return _count(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4)
def _count(path: Path, num_bytes: int, modified: int) -> _Film:
    """Count a film's pictures and see which of them a clip at 25 Hz shows, without decoding.

    A film has many segments, one after the other; its size and time tell when it is another.
    """
    with open_media(path, "video") as (container, stream):
        try:
            found = [p for p in packets(container, stream) if p.size and not p.is_discard]
        except av.FFmpegError as error:
            msg = f"{path}: its pictures cannot be counted ({error.strerror}); fetch it again"
            raise MediaError(msg) from error
        fps = float(stream.average_rate or stream.base_rate or FRAME_HZ)
        stamps = sorted(p.pts for p in found if p.pts is not None)
        begins = [float(stamp * stream.time_base) for stamp in stamps]
        origin = origin_sec(container, "video")
    if len(begins) < len(found):
        begins, origin = [number / fps for number in range(len(found))], 0.0
    pictures = (
        Picture(begin - origin, begin - origin + 1 / fps, number)  # type: ignore[arg-type]
        for number, begin in enumerate(begins)
    )
    shown = cast("list[int]", list(at_constant_rate(pictures, FRAME_HZ, 0, None)))
    return _Film(len(found), shown, fps)
