"""Small CoVoST-2, Europarl-ST, MuST-C and mTEDx in their true layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.clips import packed_sound, put
from corpora_fixtures.faces_and_voices import VOLUNTEERS

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
