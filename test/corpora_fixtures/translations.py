"""Small CoVoST-2, Europarl-ST, MuST-C and mTEDx in their true layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from corpora_fixtures.books import flac
from corpora_fixtures.clips import packed_sound, put, wav
from corpora_fixtures.faces_and_voices import VOLUNTEERS

MUSTC_SPLITS = {
    "train": ("ted_1", "ted_2"),
    "dev": ("ted_3",),
    "tst-COMMON": ("ted_4",),
    "tst-HE": ("ted_5",),
}
MTEDX_SPLITS = {"train": ("_xY-1", "-zZ_2"), "valid": ("aaa3",), "test": ("bbb4",)}
COVOST_SPLITS = ("train", "train_covost", "dev", "test")


def build_covost2(root: Path, pairs: Sequence[str] = ("fr_en", "en_de", "en_ja")) -> Path:
    """A later release of Common Voice, `cv`, and lists, `covost`: one clip a part of the split."""
    for source in dict.fromkeys(pair.partition("_")[0] for pair in pairs):
        rows = ["client_id\tpath\tsentence_id\tsentence\tup_votes\tlocale"]
        for number in range(len(COVOST_SPLITS)):
            name = f"common_voice_{source}_{number}.mp3"
            put(root / "cv" / source / "clips" / name, packed_sound("mp3", "libmp3lame"))
            rows.append(f"{VOLUNTEERS[number % 2]}\t{name}\t7\tSentence {number}\t2\t{source}")
        put(root / "cv" / source / "validated.tsv", "\n".join(rows) + "\n")
    for pair in pairs:
        source, _, target = pair.partition("_")
        rows = ["path\ttranslation\tsplit"] + [
            f"common_voice_{source}_{number}.mp3\tIn {target}, {number}\t{split}"
            for number, split in enumerate(COVOST_SPLITS)
        ]
        put(root / "covost" / f"covost_v2.{pair}.tsv", "\n".join(rows) + "\n")
    return root


STRETCHES = ((0.0, 0.4), (0.5, 0.9), (0.9, 1.2))
"""Of a talk of 1.2 s: what is said in it."""


def talk_entry(talk: str, start: float, end: float) -> str:
    """A line of a list of MuST-C and mTEDx."""
    times = f"duration: {end - start:.6f}, offset: {start:.6f}"
    return f"- {{{times}, rW: 9, speaker_id: spk.{talk[-1]}, uW: 0, wav: {talk}.wav}}"


def build_talks(
    root: Path,
    pairs: Sequence[str] = ("en-de", "en-it"),
    splits: Mapping[str, Sequence[str]] = MUSTC_SPLITS,
    suffix: str = ".wav",
) -> Path:
    """Talks of three segments each, with a transcript and a translation."""
    sound = wav(1.2) if suffix == ".wav" else flac(1.2)
    for pair in pairs:
        for split, talks in splits.items():
            folder = root / pair / "data" / split
            entries = [talk_entry(talk, *span) for talk in talks for span in STRETCHES]
            put(folder / "txt" / f"{split}.yaml", "\n".join(entries) + "\n")
            for talk in talks:
                put(folder / "wav" / f"{talk}{suffix}", sound)
            for lang in dict.fromkeys(pair.split("-")):
                lines = [f"Line {n} in {lang}." for n in range(len(entries))]
                put(folder / "txt" / f"{split}.{lang}", "\n".join(lines) + "\n")
    return root


def build_europarl_st(root: Path, pairs: Sequence[str] = ("en/de", "en/fr", "fr/en")) -> Path:
    """A speech a split, whose sound is that of all targets."""
    for pair in pairs:
        source, target = pair.split("/")
        for number, split in enumerate(("train", "train-noisy", "dev", "test")):
            speech = f"{source}.20081119.4.3-04{number}"
            put(root / source / "audios" / f"{speech}.m4a", packed_sound("mp4", "aac", 1.2, 44100))
            folder = root / source / target / split
            put(folder / "speeches.lst", f"{speech}\n")
            put(folder / "segments.lst", "".join(f"{speech} {a} {b}\n" for a, b in STRETCHES))
            for lang in (source, target):
                lines = [f"Line {n} in {lang}." for n in range(len(STRETCHES))]
                put(folder / f"segments.{lang}", "\n".join(lines) + "\n")
    return root
