"""Every corpus whose authors state its size has that beside what a copy holds, by split."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from corpora_fixtures.books import build_audiocite, build_librilight
from corpora_fixtures.clips import coverage, put
from corpora_fixtures.coco import build_speechcoco, build_spokencoco
from corpora_fixtures.faces_and_voices import (
    VOX_CLIPS,
    build_avspeech,
    build_fleurs,
    build_kinetics600,
    build_musan,
    build_voxceleb2,
)
from corpora_fixtures.lrs3 import build_lrs3
from corpora_fixtures.muavic import add_translations, build_muavic
from corpora_fixtures.recognition import (
    build_fluent_speech_commands,
    build_librispeech,
    build_speech_commands,
)
from corpora_fixtures.translations import build_talks

from espnet_av.corpora import load_prepare

HOURS = {"en": 436, "ar": 16, "de": 10, "el": 25, "es": 178, "fr": 176, "it": 101, "pt": 153}
HOURS |= {"ru": 49}
INTO_ENGLISH = {"el": 8 + 17, "es": 64 + 114, "fr": 45 + 131, "it": 48 + 53, "pt": 53 + 100}
INTO_ENGLISH |= {"ru": 8 + 41}
FROM_ENGLISH = {"el": 17 + 420, "es": 21 + 416, "fr": 21 + 416, "it": 20 + 417, "pt": 18 + 419}
FROM_ENGLISH |= {"ru": 20 + 417}

Sizes = dict[tuple[str, str], tuple[str, str]]
"""Split and language -> clips and hours as the authors state them."""


def translated_muavic(root: Path, *languages: str) -> Path:
    built = build_muavic(root, ["en", *languages])
    add_translations(built, languages, languages)
    return built


def english_voxceleb2(root: Path) -> Path:
    put(root / "en.id", "\n".join(VOX_CLIPS["dev"]) + "\n")
    return build_voxceleb2(root)


MUAVIC = {("train", lang): ("-", str(hours)) for lang, hours in HOURS.items()}
TO_EN = {("train", lang): ("-", str(hours)) for lang, hours in INTO_ENGLISH.items()}
LRS3 = {("pretrain", "en"): ("118516", "408"), ("trainval", "en"): ("31982", "30"),
        ("test", "en"): ("1321", "0.9"), ("all", "all"): ("151819", "438.9")}  # fmt: skip
VOXCELEB2 = {("dev", "-"): ("1092009", "-"), ("test", "-"): ("36237", "-"),
             ("all", "all"): ("1128246", "2442")}  # fmt: skip
MUSAN = {("music", "-"): ("660", "42.5"), ("speech", "-"): ("426", "60"),
         ("noise", "-"): ("930", "6"), ("all", "all"): ("2016", "108.5")}  # fmt: skip
SPEECHCOCO = {("train2014", "en"): ("414113", "-"), ("val2014", "en"): ("202654", "-"),
              ("all", "all"): ("616767", "604")}  # fmt: skip
LIBRISPEECH = {
    ("train-clean-100", "en"): ("28539", "100.6"), ("train-clean-360", "en"): ("104014", "363.6"),
    ("train-other-500", "en"): ("148688", "496.7"), ("dev-clean", "en"): ("2703", "5.4"),
    ("dev-other", "en"): ("2864", "5.3"), ("test-clean", "en"): ("2620", "5.4"),
    ("test-other", "en"): ("2939", "5.1"), ("all", "all"): ("292367", "982.1"),
}  # fmt: skip
SPEECH_COMMANDS = {("train", "en"): ("51094", "-"), ("valid", "en"): ("6798", "-"),
                   ("test", "en"): ("3081", "-"), ("all", "all"): ("60973", "-")}  # fmt: skip
FLUENT = {("train", "en"): ("23132", "14.7"), ("valid", "en"): ("3118", "1.9"),
          ("test", "en"): ("3793", "2.4"), ("all", "all"): ("30043", "19")}  # fmt: skip
KINETICS600 = {("train", "-"): ("392622", "-"), ("val", "-"): ("30001", "-"),
               ("test", "-"): ("72924", "-"), ("all", "all"): ("495547", "-")}  # fmt: skip
CASES: list[tuple[str, Callable[[Path], Path], dict[str, Any], Sizes]] = [
    ("muavic", build_muavic, {}, MUAVIC),
    ("muavic", lambda root: translated_muavic(root, *INTO_ENGLISH), {"translate": "to_en"}, TO_EN),
    *(
        ("muavic", lambda root, lang=lang: translated_muavic(root, lang),
         {"translate": "from_en", "languages": [lang]}, {("train", "en"): ("-", str(hours))})
        for lang, hours in FROM_ENGLISH.items()
    ),
    ("lrs3", lambda root: build_lrs3(root, {"test": 1}), {}, LRS3),
    ("voxceleb2", build_voxceleb2, {}, VOXCELEB2),
    ("voxceleb2", english_voxceleb2, {"english_list": "en.id"},
     {("all", "all"): ("628418", "1326")}),
    ("avspeech", build_avspeech, {}, {("all", "all"): ("-", "4700")}),
    ("fleurs", build_fleurs, {"languages": ["en", "ar"]}, {("all", "all"): ("-", "24")}),
    ("fleurs", build_fleurs, {"languages": ["en", "ar"], "splits": ["test"]}, {}),
    ("musan", build_musan, {}, MUSAN),
    ("spokencoco", build_spokencoco, {}, {("all", "all"): ("617222", "742")}),
    ("speechcoco", build_speechcoco, {}, SPEECHCOCO),
    ("librilight", build_librilight, {}, {("small", "en"): ("-", "577")}),
    ("audiocite", build_audiocite, {}, {("all", "all"): ("-", "6682")}),
    ("librispeech", build_librispeech, {}, LIBRISPEECH),
    ("speech_commands", build_speech_commands, {}, SPEECH_COMMANDS),
    ("fluent_speech_commands", build_fluent_speech_commands, {}, FLUENT),
    ("kinetics600", build_kinetics600, {}, KINETICS600),
    ("mustc", build_talks, {}, {("all", "all"): ("-", str(408 + 465))}),
]  # fmt: skip


@pytest.mark.parametrize(("corpus", "build", "options", "sizes"), CASES)
def test_what_is_published_is_printed_and_written(
    corpus: str,
    build: Callable[[Path], Path],
    options: dict[str, Any],
    sizes: Sizes,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    root = build(tmp_path / "root")
    if "english_list" in options:
        options = {"english_list": root / options["english_list"]}
    with caplog.at_level(logging.INFO):
        load_prepare(corpus)(root, tmp_path / "data", max_missing_ratio=0.3, num_jobs=1, **options)
    rows = coverage(tmp_path / "data")
    stated = {part: (row["published_clips"], row["published_hours"]) for part, row in rows.items()}
    assert {part: size for part, size in stated.items() if size != ("-", "-")} == sizes
    (table,) = (r.getMessage() for r in caplog.records if ": coverage (" in r.getMessage())
    printed = [line.split() for line in table.splitlines()[1:]]
    assert [list(row.values()) for row in rows.values()] == printed[1:]
    assert printed[0][-3:] == ["hours", "published_clips", "published_hours"]
