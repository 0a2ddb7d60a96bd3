"""A small LRS3 in the true layout."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.clips import mp4, put
from media_samples import face_points

SENTENCES = ("THANK YOU SO MUCH", "IT'S A {NS} GREAT IDEA", "WHAT ELSE", "I SAW {LG} IT")
VIDEOS = ("-0aXx_b1c-d", "0Fi83BHQsMA")
CLIPS = {"pretrain": 2, "trainval": 12, "test": 2}
LONG_SEC = 24.0


def clip_text(
    text: str, words: Sequence[tuple[str, float, float]] = (), frames: bool = True
) -> str:
    """What lies beside a clip; sections after the first are there or not, as in real copies."""
    parts = [f"Text:  {text}\nConf:  5"]
    if frames:
        parts[0] += "\nRef:  0Fi83BHQsMA"
        parts.append("FRAME \tX \tY \tW \tH\n000123 \t0.388 \t0.147 \t0.236 \t0.419")
    if words:
        rows = [f"{word} {start:.2f} {end:.2f} 9.3" for word, start, end in words]
        parts.append("\n".join(["WORD START END ASDSCORE", *rows]))
    return "\n\n".join(parts) + "\n"


def spread_words(text: str, seconds: float) -> list[tuple[str, float, float]]:
    """The words of a text, each half a second long, evenly spread over a clip."""
    words = text.split()
    step = seconds / len(words)
    return [(word, n * step + 0.1, n * step + 0.6) for n, word in enumerate(words)]


def build_lrs3(root: Path, clips: dict[str, int] = CLIPS) -> Path:
    """Write the tree: each of two videos has `clips[folder]` clips; the first of pretrain is long.

    Returns:
        `root`.
    """
    for split, count in clips.items():
        for video in VIDEOS:
            for number in range(count):
                place = root / split / video / f"{number + 1:05d}"
                text = SENTENCES[number % len(SENTENCES)]
                words, seconds = (), 0.4
                if split == "pretrain" and number == 0:
                    text, seconds = " ".join(SENTENCES * 3), LONG_SEC
                    words = spread_words(text, seconds)
                put(place.with_suffix(".mp4"), mp4(seconds, side=64 if words else 112))
                put(place.with_suffix(".txt"), clip_text(text, words, frames=number % 2 == 0))
    return root


def write_lrs3_landmarks(root: Path, target: Path) -> Path:
    """Face points of the short clips, as others publish them; returns `target`."""
    for clip in sorted(root.rglob("*.mp4")):
        points = put(target / clip.relative_to(root).with_suffix(".pkl"), "")
        points.write_bytes(pickle.dumps(face_points(10)))
    return target
