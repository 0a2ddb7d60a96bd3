"""The films whose synchrony is measured: every container with what it takes."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from films import Stamp

SECONDS = 4.0
_RATES = (
    Fraction(24000, 1001),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(50),
    Fraction(60000, 1001),
)
_TRACKS = {
    "mp4": ("libx264", ("aac", "libmp3lame", "ac3")),
    "mov": ("libx264", ("aac", "libmp3lame", "pcm_s16le")),
    "mkv": ("libx264", ("aac", "libmp3lame", "ac3", "libopus", "pcm_s16le")),
    "webm": ("libvpx", ("libopus",)),
    "ts": ("libx264", ("aac", "libmp3lame", "ac3")),
    "mpg": ("mpeg2video", ("mp2", "ac3")),
    "avi": ("libx264", ("aac", "libmp3lame", "ac3", "pcm_s16le")),
    "flv": ("libx264", ("aac", "libmp3lame")),
}
_FS = {"libopus": 48000, "ac3": 48000, "mp2": 48000, "pcm_s16le": 16000}
_FRAGMENTS = {
    "fragments": "frag_keyframe+empty_moov",
    "fragments with edit list": "frag_keyframe+empty_moov+delay_moov",
}


class Case(NamedTuple):
    """One film, as `films.write_film` makes it."""

    container: str
    what: str
    codecs: tuple[str, str]
    fs: int
    rate: Fraction = Fraction(25)
    b_frames: int = 0
    picture_stamp: Stamp = float
    sound_stamp: Stamp = float
    options: dict[str, str] = {}  # noqa: RUF012  (read only)


def all_cases() -> Iterator[Case]:
    """More than 150 films: each sound codec at each rate, then what can go wrong with time."""
    for container, (picture, sounds) in _TRACKS.items():
        plain = partial(Case, container)
        for sound in sounds:
            tracks, fs = (picture, sound), _FS.get(sound, 44100)
            for rate in _RATES:
                yield plain("plain", tracks, fs, rate, 0 if container == "webm" else 2)
        sound = sounds[-1] if container == "mkv" else sounds[0]
        tracks, fs = (picture, sound), _FS.get(sound, 44100)
        if container not in ("webm", "mpg"):
            yield plain("no B-frames", tracks, fs)
        if sound == "aac" and container != "flv":
            yield plain("AAC at 16 kHz", tracks, 16000)
            yield plain("AAC at 16 kHz, B-frames", tracks, 16000, b_frames=2)
        if container != "mpg":
            yield plain("picture 1 s late", tracks, fs, picture_stamp=_late)
            yield plain("VFR", tracks, fs, Fraction(30), picture_stamp=_dropped)
            yield plain("picture stands still", tracks, fs, picture_stamp=_hole)
        if container != "avi":
            yield plain("sound 1 s late", tracks, fs, sound_stamp=_late)
            yield plain("hole in the sound", tracks, fs, b_frames=_b(container), sound_stamp=_hole)
            yield plain("lost packets", tracks, fs, b_frames=_b(container), sound_stamp=_lossy)
            yield plain("slow clock", tracks, fs, b_frames=_b(container), sound_stamp=_slow)
        if container == "mp4":
            for what, flags in _FRAGMENTS.items():
                yield plain(what, tracks, fs, b_frames=2, options={"movflags": flags})


def _b(container: str) -> int:
    return 0 if container == "webm" else 2


def _late(time: float) -> float:
    return time + 1


def _hole(time: float) -> float | None:
    return None if 1 <= time < 1.8 else time


def _lossy(time: float) -> float | None:
    return None if round(time * 1000) % 410 < 25 else time


def _slow(time: float) -> float:
    return time * 1.004


def _dropped(time: float) -> float | None:
    """Of 30 frames a second, as a phone in the dark takes them, 10 to 30 are left."""
    return None if round(time * 30) * 7 % 11 in (1, 4, 5, 9) else time
