"""Where in the picture the speaker's face is: a value of `utt2face`."""

from __future__ import annotations

from typing import NamedTuple


class FacePlace(NamedTuple):
    """Centre of the face when the utterance begins, as lists such as AVSpeech's state it."""

    x: float
    """Share of the picture's width, from the left."""
    y: float
    """Share of the picture's height, from the top."""

    def __str__(self) -> str:
        return f"{self.x:g} {self.y:g}"


def parse_place(value: str) -> FacePlace:
    """Read `<x> <y>`.

    Raises:
        ValueError: it is not two numbers from 0 to 1.
    """
    x, y = map(float, value.split())
    if not (0 <= x <= 1 and 0 <= y <= 1):
        msg = f"'{value}' is no place within the picture"
        raise ValueError(msg)
    return FacePlace(x, y)


def is_place(value: str) -> bool:
    """Whether `parse_place` can read it."""
    try:
        parse_place(value)
    except ValueError:
        return False
    return True
