"""Small LibriSpeech, Speech Commands and Fluent Speech Commands in their true layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.books import flac
from corpora_fixtures.clips import put, wav

LIBRISPEECH = (
    "train-clean-100", "train-clean-360", "train-other-500", "dev-clean", "dev-other",
    "test-clean", "test-other",
)  # fmt: skip
COMMANDS = {
    "yes": ("0a7c2a8d_nohash_0", "0a7c2a8d_nohash_1", "spk015_nohash_0", "spk002_nohash_0"),
    "bird": ("0a7c2a8d_nohash_0", "spk015_nohash_0"),
    "go": ("spk000_nohash_0",),
}
"""Word -> files: of spk015 by its hash to validate, of spk002 left out, of others to train."""
LEXICON = """HE HH IY1
SAID S EH1 D
'TWAS T W AH1 Z
NUMBER N AH1 M B ER0
0 Z IH1 R OW0
1 W AH1 N
"""
"""Phones of what is read in the small LibriSpeech."""
INTENTS = {
    "train": (("activate", "lights", "kitchen"), ("change language", "Chinese", "none")),
    "valid": (("activate", "lights", "kitchen"),),
    "test": (("activate", "Chinese", "none"),),
}


def build_librispeech(root: Path, folders: Sequence[str] = LIBRISPEECH) -> Path:
    """A chapter of two utterances a folder, each of another speaker."""
    for number, name in enumerate(folders):
        chapter = f"{1000 + number}-134686"
        place = root / "LibriSpeech" / name / chapter.replace("-", "/")
        lines = [f"{chapter}-{n:04d} HE SAID 'TWAS NUMBER {n}" for n in range(2)]
        put(place / f"{chapter}.trans.txt", "\n".join(lines) + "\n")
        for n in range(2):
            put(place / f"{chapter}-{n:04d}.flac", flac(0.4))
    put(root / "LibriSpeech" / "SPEAKERS.TXT", "; ID | SEX\n")
    return root


def build_speech_commands(root: Path) -> Path:
    """Both archives: three words and 20 s of noise; a word, an unknown one and silence to test."""
    train, test = root / "speech_commands_v0.01", root / "speech_commands_test_set_v0.01"
    for word, names in COMMANDS.items():
        for name in names:
            put(train / word / f"{name}.wav", wav())
    put(train / "_background_noise_" / "running_tap.wav", wav(20.5))
    put(train / "_background_noise_" / "README.md", "noise\n")
    put(train / "testing_list.txt", "yes/spk002_nohash_0.wav\n")
    for place in ("yes/spk009_nohash_0", "_unknown_/bird_spk009_nohash_1", "_silence_/0"):
        put(test / f"{place}.wav", wav())
    return root


def build_fluent_speech_commands(root: Path) -> Path:
    """Commands of one speaker a list."""
    for split, intents in INTENTS.items():
        rows = [",path,speakerId,transcription,action,object,location"]
        for number, intent in enumerate(intents):
            place = f"wavs/speakers/{split}Spk/{number}c-452c-11e9.wav"
            put(root / place, wav())
            rows.append(f'{number},{place},{split}Spk,"Lights, on {number}",{",".join(intent)}')
        put(root / "data" / f"{split}_data.csv", "\n".join(rows) + "\n")
    return root


MIXTURE = "{0}-1240-0003_{1}-135887-0017"
TURNS = ((0.0, 0.3, "{0}"), (0.1, 0.3, "{1}"))


def rttm_lines(name: str, turns: Sequence[tuple[float, float, str]]) -> str:
    """Turns of a recording: start, duration, talker."""
    return "".join(f"SPEAKER {name} 1 {a} {b} <NA> <NA> {who} <NA> <NA>\n" for a, b, who in turns)


def build_librimix(root: Path, splits: Sequence[str] = ("train-100", "dev", "test")) -> Path:
    """`Libri2Mix`, two mixtures a split, and `turns` as SUPERB's script makes them."""
    for number, split in enumerate(splits):
        rttm = ""
        for n in range(2):
            talkers = (f"{100 + number}{n}", f"{200 + number}{n}")
            name = MIXTURE.format(*talkers)
            put(root / "Libri2Mix/wav16k/max" / split / "mix_both" / f"{name}.wav", wav())
            put(root / "Libri2Mix/wav16k/max" / split / "s1" / f"{name}.wav", wav())
            rttm += rttm_lines(name, [(a, b, who.format(*talkers)) for a, b, who in TURNS])
        folder = "train" if split == "train-100" else split
        put(root / "turns" / folder / "rttm", rttm)
    return root
