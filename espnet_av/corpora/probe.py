"""What the headers of media files say, without decoding them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import av

from espnet_av.corpora.parallel import parallel_map
from espnet_av.errors import raise_machine_fault
from espnet_av.media.track_length import all_seconds
from espnet_av.media.tracks import find_track
from espnet_av.media.truncation import is_cut_short

_WAV_OPTIONS = {"probesize": "4096"}
"""The header of a .wav says all; by default several MB of sound are read, ten times as long."""


class Media(NamedTuple):
    """Header of one file."""

    video_sec: float | None = None
    """Duration of the picture; None: no video track."""
    audio_sec: float | None = None
    """Duration of the sound; None: no audio track."""
    fps: float = 0.0
    """Frames per second; 0: unknown."""
    fs: int = 0
    """Samples per second; 0: no sound."""
    width: int = 0
    """Of the picture, in pixels."""
    missing: bool = False
    """There is no such file."""
    error: str = ""
    """Why it cannot be read; empty: it can."""

    @property
    def seconds(self) -> float:
        """Duration of the longer track."""
        return max(self.video_sec or 0.0, self.audio_sec or 0.0)

    @property
    def has_video(self) -> bool:
        """True when there is a readable video track."""
        return self.video_sec is not None

    @property
    def has_audio(self) -> bool:
        """True when there is a readable audio track."""
        return self.audio_sec is not None


def probe(path: str | Path) -> Media:
    """Read the header of a media file; a fault is a field of the result, not an error.

    Damage in the middle of a file does not show in its header: the roi and dump stages, which
    decode every frame, report that.
    """
    path = Path(path)
    if not path.is_file():
        return Media(missing=True, error=f"{path}: no such file")
    if path.stat().st_size == 0:
        return Media(error=f"{path}: the file is empty (0 bytes)")
    try:
        options = _WAV_OPTIONS if path.suffix.lower() == ".wav" else {}
        with av.open(str(path), container_options=options) as container:
            video, audio = find_track(container, "video"), find_track(container, "audio")
            tracks = [track for track in (video, audio) if track is not None]
            if any(is_cut_short(container, track) for track in tracks):
                return Media(error=f"{path}: the file ends early")
            lengths = dict(zip(tracks, all_seconds(container, tracks), strict=True))
            # A track that holds nothing is none.
            seconds = {track: length for track, length in lengths.items() if length}
            return Media(
                video_sec=seconds.get(video),
                audio_sec=seconds.get(audio),
                fps=float(video.average_rate or 0) if video else 0.0,
                fs=audio.rate if audio else 0,
                width=video.width if video else 0,
                error="" if seconds else f"{path}: neither picture nor sound in it",
            )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise_machine_fault(error, path)
        reason = getattr(error, "strerror", None) or error
        return Media(error=f"{path}: not readable as audio or video ({reason})")


def probe_all(paths: Iterable[Path], *, num_jobs: int, desc: str) -> dict[Path, Media]:
    """Headers of many files, each read once."""
    unique = list(dict.fromkeys(paths))
    return dict(zip(unique, parallel_map(probe, unique, num_jobs=num_jobs, desc=desc), strict=True))
