"""Which of a file's tracks is meant."""

from __future__ import annotations

from typing import Any, Literal

from av.container import InputContainer
from av.stream import Disposition

TrackKind = Literal["audio", "video"]
_NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails
"""Cover pictures of music, thumbnails of films, pictures of chapters."""


def find_track(container: InputContainer, kind: TrackKind) -> Any:
    """The track that players choose (`av.AudioStream`, `av.VideoStream`); None: there is none.

    That is FFmpeg's best one: marked as default, not made for the deaf or the blind, and richest.
    Sound is looked for first in the programme of the picture. A cover picture is no track.
    """
    picture = _best(container, "video", None)
    return picture if kind == "video" else _best(container, "audio", picture)


def track_names(container: InputContainer) -> str:
    """What there is in a file, for messages."""
    names = {
        "cover picture" if stream.disposition & _NO_FILM else stream.type
        for stream in container.streams
    }
    return ", ".join(sorted(names)) or "nothing"


def _best(container: InputContainer, kind: TrackKind, related: Any) -> Any:
    best = container.streams.best(kind, related=related)
    tracks = container.streams.audio if kind == "audio" else container.streams.video
    if best is not None and not best.disposition & _NO_FILM:
        return best
    # FFmpeg counts cover pictures as well; and it passes over a track that it knows too little of.
    films = [track for track in tracks if not track.disposition & _NO_FILM]
    return max(films, key=lambda track: bool(track.disposition & Disposition.default), default=None)
