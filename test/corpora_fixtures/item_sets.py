"""Small item sets of ZeroSpeech, in their true layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.clips import put, wav

HEAD = "#file onset offset #phone prev-phone next-phone speaker"


def items(files: Sequence[str]) -> str:
    """Two items of each file."""
    lines = [HEAD]
    for name in files:
        speaker = name.split("-", maxsplit=1)[0]
        lines += [f"{name} 0.0625 0.1725 IH L NG {speaker}", f"{name} 0.1 0.2125 B AA T {speaker}"]
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
            files = [f"s00{n}-{language[:2]}{duration}" for n in range(2)]
            put(folder / f"{duration}.item", items(files))
            for file in files:
                put(folder / f"{file}.wav", wav())
    return root
