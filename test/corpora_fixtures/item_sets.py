"""Small item sets of ZeroSpeech, in their true layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.clips import put, wav

HEAD = "#file onset offset #phone prev-phone next-phone speaker"


def items(files: Sequence[str]) -> str:
    """Two vowels of each file, twice each, between the same phones."""
    lines = [HEAD]
    times = (0.0625, 0.1425, 0.2125, 0.3, 0.375)
    for name in files:
        speaker = name.split("-", maxsplit=1)[0]
        lines += [
            f"{name} {start} {end} {phone} L NG {speaker}"
            for start, end, phone in zip(times, times[1:], ("IH", "AA") * 2, strict=False)
        ]
    return "\n".join(lines) + "\n"


def build_zerospeech2021(root: Path, sets: Sequence[str] = ("dev-clean", "test-other")) -> Path:
    """`phonetic/<set>/<set>.item` with sound beside it."""
    for name in sets:
        files = ["84-121123-0000", "84-121123-0001", "174-50561-0000"]
        folder = root / "phonetic" / name
        put(folder / f"{name}.item", items(files))
        for file in files:
            put(folder / f"{file}.wav", wav())
    return root


def build_zerospeech2017(root: Path) -> Path:
    """`test/<language>/<duration>/` with anonymous speakers."""
    for language in ("english", "french"):
        for duration in ("1s", "10s"):
            folder = root / "test" / language / duration
            files = [f"s00{n // 2}-{language[:2]}{duration}{n}" for n in range(4)]
            put(folder / f"{duration}.item", items(files))
            for file in files:
                put(folder / f"{file}.wav", wav())
    return root
