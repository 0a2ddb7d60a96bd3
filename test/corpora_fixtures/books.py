"""Small Libri-Light and Audiocite, in their true layouts, and TextGrids of an aligner."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile
from corpora_fixtures.clips import gusts, put

FS = 16000


@functools.cache
def flac(seconds: float) -> bytes:
    """Noise that comes and goes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, gusts(seconds, FS, 0), FS, format="FLAC")
    return buffer.getvalue()


@functools.cache
def bursts(spans: tuple[tuple[float, float], ...], seconds: float) -> np.ndarray:
    """(S,) loud noise in stretches, and hardly any between."""
    wave = np.random.default_rng(0).normal(0, 1e-4, round(seconds * FS))
    for start, end in spans:
        wave[round(start * FS) : round(end * FS)] *= 2000
    return wave.astype(np.float32)


def build_librilight(root: Path, part: str = "small", speakers: int = 4) -> Path:
    """A book of each speaker: 6 s of sound with speech up to 5.5 s."""
    for number in range(speakers):
        folder = root / part / str(100 + number) / f"book_{number}_librivox_64kb_mp3"
        told = {
            "speaker": str(100 + number),
            "book_meta": {"id": str(number), "title": "x"},
            "snr": 9.1,
            "voice_activity": [[0.0, 2.1], [2.4, 3.0], [4.2, 5.5]],
        }
        put(folder / f"chapter_0{number}.json", json.dumps(told))
        put(folder / f"chapter_0{number}.flac", flac(6.0))
    return root


def book(spans: tuple[tuple[float, float], ...], seconds: float) -> bytes:
    """`bursts` as a WAV file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, bursts(spans, seconds), FS, format="WAV")
    return buffer.getvalue()


SPEECH = ((0.5, 3.5), (5.5, 8.0), (9.8, 10.3))
"""Where the books of Audiocite are loud, in 11 s."""


def build_audiocite(root: Path, speakers: int = 3) -> Path:
    """A book of each speaker."""
    for name in ("amelie", "bruno", "claire", "denis", "elise")[:speakers]:
        put(root / "wavs_1" / name / "livre_1.wav", book(SPEECH, 11.0))
    return root


def textgrid(tiers: Mapping[str, Sequence[tuple[float, float, str]]], short: bool = False) -> str:
    """A TextGrid as the aligner writes it, or in Praat's short form."""
    last = max(rows[-1][1] for rows in tiers.values())
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    if short:
        lines += ["0", str(last), "<exists>", str(len(tiers))]
        for name, rows in tiers.items():
            lines += ['"IntervalTier"', f'"{name}"', "0", str(last), str(len(rows))]
            lines += [part for a, b, label in rows for part in (str(a), str(b), f'"{label}"')]
        return "\n".join(lines) + "\n"
    lines += ["xmin = 0 ", f"xmax = {last} ", "tiers? <exists> ", f"size = {len(tiers)} ",
              "item []: "]  # fmt: skip
    for number, (name, rows) in enumerate(tiers.items(), 1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier" ',
                  f'        name = "{name}" ', "        xmin = 0 ", f"        xmax = {last} ",
                  f"        intervals: size = {len(rows)} "]  # fmt: skip
        for place, (start, end, label) in enumerate(rows, 1):
            lines += [f"        intervals [{place}]:", f"            xmin = {start} ",
                      f"            xmax = {end} ", f'            text = "{label}" ']  # fmt: skip
    return "\n".join(lines) + "\n"
