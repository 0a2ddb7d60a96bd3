"""A small MuAViC as its own tool leaves it."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.clips import mp4, put, wav
from media_samples import face_points

SPLITS = {"train": 3, "valid": 2, "test": 2}
TALKS = {
    "train": ("2Uz_e-ia3Mw", "talk7"),
    "valid": ("hV1", "talk8"),
    "test": ("-3Rz-Q", "talk9"),
}
WORDS = {
    "en": "Thank you very much.",
    "ar": "شكرا جزيلا",
    "de": "Vielen Dank, wirklich.",
    "el": "Ευχαριστώ πολύ.",
    "es": "¡Muchas gracias!",
    "fr": "Merci, c'est l'été.",
    "it": "Grazie, perché no?",
    "pt": "Muito obrigado.",
    "ru": "Большое спасибо.",
}
SECONDS = 0.4


def build_muavic(root: Path, languages: Sequence[str] = tuple(WORDS), side: int = 112) -> Path:
    """Write lists, clips and landmarks; each split has `SPLITS` clips of each of two talks.

    Returns:
        `root`, which holds `muavic/` and `metadata/`.
    """
    for lang in languages:
        for split in SPLITS:
            names = clip_names(split)
            base = root / "muavic" / lang
            for name in names:
                talk = name.rpartition("_")[0]
                put(base / "video" / split / talk / f"{name}.mp4", mp4(SECONDS, side=side))
                put(base / "audio" / split / talk / f"{name}.wav", wav(SECONDS))
            for talk in TALKS[split]:
                marks = {n: face_points(round(25 * SECONDS)) for n in names if n.startswith(talk)}
                put(root / "metadata" / lang / split / f"{talk}.pkl", pickle.dumps(marks))
            write_tsv(root, base / f"{split}.tsv", lang, split, names)
            texts = [f"{WORDS[lang]} {number}" for number in range(len(names))]
            put(base / f"{split}.{lang}", "\n".join(texts) + "\n")
    return root


def add_translations(root: Path, sources: Sequence[str], targets: Sequence[str]) -> None:
    """Write `<source>/en/<split>_avst.tsv` and `en/<target>/<split>.tsv`; all but the last clip."""
    for split in SPLITS:
        names = clip_names(split)[:-1]
        for lang, suffix, tgt in (
            *((lang, "_avst", "en") for lang in sources),
            *(("en", "", lang) for lang in targets),
        ):
            folder = root / "muavic" / lang / tgt
            write_tsv(root, folder / f"{split}{suffix}.tsv", lang, split, names)
            texts = [f"{WORDS[tgt]} {number}" for number in range(len(names))]
            put(folder / f"{split}{suffix}.{tgt}", "\n".join(texts) + "\n")


def clip_names(split: str) -> list[str]:
    """Names of the clips of a split, talk by talk."""
    return [f"{talk}_{n:04d}" for talk in TALKS[split] for n in range(SPLITS[split])]


def write_tsv(root: Path, path: Path, lang: str, split: str, names: Sequence[str]) -> None:
    """Write a list with absolute paths."""
    rows = ["/"]
    for name in names:
        place = f"{split}/{name.rpartition('_')[0]}/{name}"
        video = root / "muavic" / lang / "video" / f"{place}.mp4"
        audio = root / "muavic" / lang / "audio" / f"{place}.wav"
        frames, samples = round(25 * SECONDS), round(16000 * SECONDS)
        rows.append(f"{name}\t{video}\t{audio}\t{frames}\t{samples}")
    put(path, "\n".join(rows) + "\n")
