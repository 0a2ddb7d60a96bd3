"""Lists of landmarks made at a film's own rate, for clips of 25 frames a second."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from espnet_av.errors import MediaError
from espnet_av.media.container import open_media, packets
from espnet_av.media.track_length import track_seconds

MAX_SHORTAGE = 2
"""Frame counts of different decoders differ by a frame at the ends."""
_FPS = 25.0
_MICROSECOND = 1_000_000

Points = list[np.ndarray | None]


class _Film(NamedTuple):
    times: np.ndarray
    """(n,) seconds of each picture, from the first one."""
    lead: int
    """Frames at 25 Hz before the first picture, where the sound begins earlier."""
    fps: float

    @property
    def num_frames(self) -> int:
        """Frames at 25 Hz."""
        return self.lead + round((self.times[-1] + 1 / self.fps) * _FPS)


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
    if len(points) == round(track_seconds(film, "video") * _FPS):
        return points, ""
    found = _read_times(film)
    num_pictures, num_frames = len(found.times), found.num_frames
    away, own_away = abs(len(points) - num_frames), abs(len(points) - num_pictures)
    if away <= min(MAX_SHORTAGE, own_away):
        return points, ""
    if own_away > MAX_SHORTAGE:
        msg = (
            f"{where}: {len(points)} entries, while {film} has {num_pictures} pictures at "
            f"{found.fps:.3f} a second, which are {num_frames} at 25 a second; were they made at "
            "another rate, or of another film? make one entry for each of its pictures"
        )
        raise MediaError(msg)
    nearest = _nearest(found.times, (np.arange(num_frames) - found.lead) / _FPS)
    padded = points + [None] * MAX_SHORTAGE
    note = f"landmarks at the film's {found.fps:.3f} a second were read at 25"
    return [padded[number] for number in nearest], note


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


def _read_times(path: Path) -> _Film:
    """Times of the pictures in the order in which they are shown, without decoding them."""
    with open_media(path, "video") as (container, stream):
        shown = [p for p in packets(container, stream) if p.size and not p.is_discard]
        fps = float(stream.average_rate or stream.base_rate or _FPS)
        base = float(stream.time_base or 1 / _FPS)
        begin = (container.start_time or 0) / _MICROSECOND
    stamps = np.sort([p.pts * base for p in shown if p.pts is not None])
    if len(stamps) < len(shown) or not len(stamps):
        return _Film(np.arange(max(len(shown), 1)) / fps, 0, fps)
    lead = round(max(float(stamps[0]) - begin, 0.0) * _FPS)
    return _Film(stamps - stamps[0], lead, fps)


def _nearest(times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(K,) number of the time nearest to each wanted one, the earlier of two as near."""
    after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(times) - 1)
    return np.where(wanted - times[before] <= times[after] - wanted + 1e-3, before, after)
