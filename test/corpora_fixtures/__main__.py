"""Build small corpora in their true layouts, for a recipe to be rehearsed on.

Usage: tools/make_fixture_corpus.sh <muavic|lrs3|voxceleb2> <folder> [<language>...]
Prints the variables of db.sh that lead to them.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.faces_and_voices import build_fleurs, build_musan, build_voxceleb2_sound
from corpora_fixtures.lrs3 import build_lrs3, write_lrs3_landmarks
from corpora_fixtures.muavic import WORDS, add_translations, build_muavic

from espnet_av.corpora.fleurs import CODES

LANGUAGES = ("en", "el", "es")


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


def main() -> None:
    """Build, and print `export` lines."""
    known = {"muavic": make_muavic, "lrs3": make_lrs3, "voxceleb2": make_voxceleb2}
    name, folder, *languages = [*sys.argv[1:], "", ""][: max(2, len(sys.argv) - 1)]
    strange = set(languages) - (set(WORDS) if name == "muavic" else set())
    if name not in known or not folder or strange:
        sys.exit(str(__doc__))
    more = [languages] if languages else []
    for variable, path in known[name](Path(folder).absolute(), *more).items():
        print(f"export {variable}={shlex.quote(str(path))}")


if __name__ == "__main__":
    main()
