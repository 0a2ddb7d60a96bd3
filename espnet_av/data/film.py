"""Full-frame colour video in archives: a JPEG for each frame, any of which can be had alone."""

from __future__ import annotations

import logging
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

import cv2
import numpy as np

from espnet_av.data.ark import ArkWriter
from espnet_av.data.ark_entry import again, read_entry
from espnet_av.data.table import is_ark_pointer
from espnet_av.errors import ArkError
from espnet_av.media.video import frame_rate, iter_frames

logger = logging.getLogger(__name__)

STORED_SIDE = 224
"""Pixels of the shorter side in an archive, at most, unless told otherwise."""
_QUALITY = 95
_GREY = 4
"""Largest difference of red, green and blue of a pixel without colour, as JPEG rounds it."""
_HEAD = struct.Struct("<dIHH")
_TAG = b"FILM"


@dataclass(frozen=True)
class Film:
    """Frames of an utterance as they are stored."""

    rate_hz: float
    """Frames a second."""
    height: int
    width: int
    jpegs: tuple[bytes, ...]

    @property
    def seconds(self) -> float:
        """What all frames last."""
        return len(self.jpegs) / self.rate_hz

    def cut(self, start: float, end: float | None) -> Film:
        """The frames from `start` to `end`, in seconds; None: to the end."""
        last = None if end is None else round(end * self.rate_hz)
        jpegs = self.jpegs[round(start * self.rate_hz) : last]
        return Film(self.rate_hz, self.height, self.width, jpegs)

    def frames(self, numbers: Iterable[int]) -> list[np.ndarray]:
        """Frames by number, (H, W, 3) uint8 RGB; one that is asked for again is the same array.

        Raises:
            ValueError: one is damaged.
        """
        decoded: dict[int, np.ndarray] = {}
        for number in (numbers := list(numbers)):
            if number not in decoded:
                decoded[number] = self._decode(number)
        return [decoded[number] for number in numbers]

    def _decode(self, number: int) -> np.ndarray:
        data = np.frombuffer(self.jpegs[number], np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        if picture is None or picture.shape != (self.height, self.width, 3):
            msg = f"frame {number} is no picture of {self.width}x{self.height}"
            raise ValueError(msg)
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)

    def payload(self) -> bytes:
        """As an entry of an archive."""
        head = _HEAD.pack(self.rate_hz, len(self.jpegs), self.height, self.width)
        sizes = struct.pack(f"<{len(self.jpegs)}I", *map(len, self.jpegs))
        return head + sizes + b"".join(self.jpegs)


def film_of(pictures: Iterable[np.ndarray], rate_hz: float, side: int = STORED_SIDE) -> Film:
    """Encode (H, W, 3) uint8 RGB frames, the shorter side at most `side` pixels."""
    jpegs, height, width = [], 0, 0
    for picture in pictures:
        scale = min(1.0, side / min(picture.shape[:2]))
        height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
        small = picture if scale == 1.0 else resized(picture, width, height)
        pixels = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        jpegs.append(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])
    return Film(rate_hz, height, width, tuple(jpeg.tobytes() for jpeg in jpegs))


def read_film(pointer: str, name: str | None = None) -> Film:
    """The film behind `file.ark:offset`.

    Raises:
        ArkError: it is not there, is damaged, of another kind, such as a grey mouth clip, or of
            another utterance.
    """
    tag, payload = read_entry(pointer, name)
    if tag != _TAG:
        found = "a grey mouth clip" if tag == b"CLIP" else repr(tag.decode(errors="replace"))
        msg = f"{pointer}: {found}, where a film in colour is expected; film.scp names films"
        raise ArkError(msg)
    try:
        rate, number, height, width = _HEAD.unpack_from(payload)
        sizes = struct.unpack_from(f"<{number}I", payload, _HEAD.size)
        begin = _HEAD.size + 4 * number
        if not (number and math.isfinite(rate) and rate > 0 and begin + sum(sizes) == len(payload)):
            msg = f"{number} frames at {rate:g} Hz in {len(payload)} bytes"
            raise ValueError(msg)
    except (struct.error, ValueError) as error:
        msg = f"{pointer}: the film is damaged ({error}); {again(pointer)}"
        raise ArkError(msg) from error
    ends = accumulate(sizes, initial=begin)
    return Film(rate, height, width, tuple(payload[a:b] for a, b in pairwise(ends)))


def pack_film(
    ark: ArkWriter, name: str, source: str, start: float, end: float | None, side: int
) -> str:
    """A `StretchPacker`: frames of a file at its own rate, or of another archive.

    Those of an archive stay as they are, unless they are larger than wanted.

    Raises:
        MediaError: the file cannot be read; see `iter_frames`.
        ArkError: the archive cannot, or has nothing in this stretch.
    """
    if is_ark_pointer(source):
        film = read_film(source).cut(start, end)
        if min(film.height, film.width) > side:
            film = film_of(film.frames(range(len(film.jpegs))), film.rate_hz, side)
    else:
        rate = frame_rate(source)
        film = film_of(iter_frames(source, rate, start, end), rate, side)
    _tell_grey(film, name, source)
    if not film.jpegs:
        msg = f"{source}: {name}: no frame from {start:g} s on; correct segments, or film.scp"
        raise ArkError(msg)
    return ark.write_film(name, film.payload(), film.seconds)


def _tell_grey(film: Film, name: str, source: str) -> None:
    """Say so where colours are due and a film has none: first, middle and last frame are grey."""
    last = len(film.jpegs) - 1
    pictures = film.frames(sorted({0, last // 2, last})) if film.jpegs else []
    if pictures and all(np.ptp(picture, axis=2).max() <= _GREY for picture in pictures):
        msg = "film.scp: %s: %s is grey, where colour is expected; it is stored as it is"
        logger.warning(msg, name, source)


def resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture (H, W, 3) uint8 in another size; the same one where it has it."""
    if picture.shape[:2] == (height, width):
        return picture
    smaller = picture.shape[0] > height
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=way)
