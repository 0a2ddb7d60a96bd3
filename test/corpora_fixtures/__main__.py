"""Build small corpora in their true layouts, for a recipe to be rehearsed on.

Usage: tools/make_fixture_corpus.sh <muavic|lrs3|voxceleb2|mlcoco> <folder> [<language>...]
       or, instead of these, covost2, europarl_st, mustc, mtedx, librispeech, speech_commands,
       fluent_speech_commands, librimix, kinetics600, superb
Prints the variables of db.sh that lead to them.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from corpora_fixtures.books import build_audiocite, build_librilight
from corpora_fixtures.clips import put
from corpora_fixtures.coco import build_captions, build_karpathy, image
from corpora_fixtures.detections import write_tsv
from corpora_fixtures.faces_and_voices import (
    build_fleurs,
    build_kinetics600,
    build_musan,
    build_voxceleb2_sound,
)
from corpora_fixtures.item_sets import build_zerospeech2017
from corpora_fixtures.lrs3 import build_lrs3, write_lrs3_landmarks
from corpora_fixtures.muavic import WORDS, add_translations, build_muavic
from corpora_fixtures.recognition import (
    LEXICON,
    build_fluent_speech_commands,
    build_librimix,
    build_librispeech,
    build_speech_commands,
)
from corpora_fixtures.translations import (
    MTEDX_SPLITS,
    build_covost2,
    build_europarl_st,
    build_talks,
)

from espnet_av.corpora.fleurs import CODES

LANGUAGES = ("en", "el", "es")
SPEAKER = """# Speaks a file: a hum whose pitch is that of the voice and of each letter.
import math, struct, sys, wave

voice, text, path = sys.argv[1], open(sys.argv[2], encoding="utf-8").read().strip(), sys.argv[3]
wave_ = []
for number in range(16000 * max(10, len(text)) // 16):
    hertz = 90 + 7 * (sum(voice.encode()) % 20) + 11 * (ord(text[number // 1000 % len(text)]) % 32)
    wave_.append(round(6000 * math.sin(2 * math.pi * hertz * number / 16000)))
with wave.open(path, "wb") as out:
    out.setparams((1, 2, 16000, 0, "NONE", ""))
    out.writeframes(struct.pack(f"<{len(wave_)}h", *wave_))
"""
"""A program that stands for a synthesiser."""


def make_muavic(root: Path, languages: Sequence[str] = LANGUAGES) -> dict[str, Path]:
    """MuAViC, translations both ways, FLEURS and MUSAN."""
    muavic = build_muavic(root / "muavic", languages)
    translated = [lang for lang in languages if lang not in ("en", "ar", "de")]
    if "en" in languages:
        add_translations(muavic, translated, translated)
    # The lists of all languages: their sentences are translations of one another.
    fleurs = build_fleurs(root / "fleurs", [CODES[lang] for lang in {*languages, "en"}])
    return {"MUAVIC": muavic, "FLEURS": fleurs, "MUSAN": build_musan(root / "musan")}


def make_lrs3(root: Path) -> dict[str, Path]:
    """LRS3 with face points, and MUSAN."""
    lrs3 = build_lrs3(root / "lrs3")
    points = write_lrs3_landmarks(lrs3, root / "lrs3_landmarks")
    return {"LRS3": lrs3, "LRS3_LANDMARKS": points, "MUSAN": build_musan(root / "musan")}


def make_voxceleb2(root: Path) -> dict[str, Path]:
    """The sound of VoxCeleb2."""
    return {"VOXCELEB2": build_voxceleb2_sound(root / "voxceleb2")}


def make_mlcoco(root: Path) -> dict[str, Path | str]:
    """Books of both languages, COCO with features of its images, items, a program that speaks."""
    images = [("train2014", n) for n in range(1, 7)] + [("val2014", n) for n in range(7, 11)]
    coco = build_captions(root / "coco", images)
    rows = [f"{100 * n + k}\tPhrase numéro {n}, {k}." for _, n in images for k in range(2)]
    features = [
        write_tsv(coco / f"{part}_obj36.tsv", [image(*i) for i in images if i[0] == part], 36, 2048)
        for part in ("train2014", "val2014")
    ]
    speaker = put(root / "speak.py", SPEAKER)
    return {
        "LIBRILIGHT": build_librilight(root / "librilight", speakers=6),
        "AUDIOCITE": build_audiocite(root / "audiocite", speakers=5),
        "COCO": coco,
        "COCO_FR": put(root / "captions_fr.tsv", "\n".join(rows) + "\n"),
        "KARPATHY": build_karpathy(
            root / "dataset_coco.json", images, ["train"] * 6 + ["val"] * 2 + ["test"] * 2
        ),
        "COCO_FEATURES": " ".join(map(str, features)),
        "TTS": f"python3 -S {shlex.quote(str(speaker))} {{voice}} {{text_file}} {{wav}}",
        "ZEROSPEECH": build_zerospeech2017(root / "zerospeech"),
    }


def make_covost2(root: Path) -> dict[str, Path]:
    """Lists of CoVoST-2 both ways, and the release of Common Voice that they are joined to."""
    built = build_covost2(root)
    return {"COMMON_VOICE": built / "cv", "COVOST2": built / "covost"}


def make_librimix(root: Path) -> dict[str, Path]:
    """Mixtures of two talkers, and who speaks when."""
    built = build_librimix(root)
    return {"LIBRIMIX": built / "Libri2Mix", "LIBRIMIX_RTTM": built / "turns"}


def make_superb(root: Path) -> dict[str, Path]:
    """The corpora of SUPERB's four tasks, and a lexicon of what is read in one of them."""
    names = ("speech_commands", "fluent_speech_commands", "librispeech")
    built = {name.upper(): SINGLE[name](root / name) for name in names}
    lexicon = root / "lexicon"
    lexicon.mkdir(parents=True, exist_ok=True)
    (lexicon / "librispeech-lexicon-200k-g2p.txt").write_text(LEXICON, encoding="utf-8")
    return {**built, "SUPERB_LEXICON": lexicon, **make_librimix(root / "librimix")}


def make_mtedx(root: Path) -> dict[str, Path]:
    """Transcripts and translations of the same talks."""
    return {"MTEDX": build_talks(root / "mtedx", ("es-es", "es-en"), MTEDX_SPLITS, ".flac")}


SINGLE: dict[str, Callable[[Path], Path]] = {
    "europarl_st": build_europarl_st,
    "mustc": build_talks,
    "librispeech": build_librispeech,
    "speech_commands": build_speech_commands,
    "fluent_speech_commands": build_fluent_speech_commands,
    "kinetics600": build_kinetics600,
}
"""Corpora of one folder, whose variable is called as they are."""


def _make_single(name: str, root: Path) -> dict[str, Path]:
    return {name.upper(): SINGLE[name](root / name)}


def main() -> None:
    """Build, and print `export` lines."""
    known: dict[str, Callable[..., Mapping[str, Path | str]]] = {
        "muavic": make_muavic, "lrs3": make_lrs3, "voxceleb2": make_voxceleb2,
        "mlcoco": make_mlcoco, "covost2": make_covost2, "librimix": make_librimix,
        "mtedx": make_mtedx, "superb": make_superb,
        **{name: partial(_make_single, name) for name in SINGLE},
    }  # fmt: skip
    name, folder, *languages = [*sys.argv[1:], "", ""][: max(2, len(sys.argv) - 1)]
    strange = set(languages) - (set(WORDS) if name == "muavic" else set())
    if name not in known or not folder or strange:
        sys.exit(str(__doc__))
    more = [languages] if languages else []
    for variable, path in known[name](Path(folder).absolute(), *more).items():
        print(f"export {variable}={shlex.quote(str(path))}")


if __name__ == "__main__":
    main()
