"""Small VoxCeleb2, AVSpeech, FLEURS, Common Voice and MUSAN in their true layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora_fixtures.clips import mp4, packed_sound, put, wav

VOX_CLIPS = {
    "dev": ("id00012/21Uxsk56VDQ/00001", "id00012/21Uxsk56VDQ/00002", "id00015/-0bYIZk/00001"),
    "test": ("id00017/5MkXgwdrmJw/00001",),
}
AVSPEECH_ROWS = {
    "train": (("AvWWVOgaMlk", 0.04, 0.2), ("AvWWVOgaMlk", 0.2, 0.36), ("-gone", 30.0, 36.0)),
    "test": (("_cut1", 12.5, 12.9),),
}
FLEURS_TEXTS = ("However, due to the slow channels…", 'Some "quoted words.')
VOLUNTEERS = ("0f3a" * 32, "9be1" * 32)


def build_voxceleb2(root: Path) -> Path:
    """Face tracks with their own sound."""
    for split, places in VOX_CLIPS.items():
        for place in places:
            put(root / split / "mp4" / f"{place}.mp4", mp4())
    return root


def build_voxceleb2_sound(root: Path) -> Path:
    """The sound alone, as it is given out: three clips of two speakers to train on, two to test."""
    clips = {"dev": ("id00012", "id00015"), "test": ("id00017",)}
    places = [
        f"{split}/aac/{speaker}/21Uxsk56VDQ/{number:05d}.m4a"
        for split, speakers in clips.items()
        for speaker in speakers
        for number in range(1, 4 if split == "dev" else 3)
    ]
    for seed, place in enumerate(places):
        put(root / place, packed_sound("mp4", "aac", seconds=2.0, fs=16000, seed=seed))
    return root


def build_avspeech(root: Path) -> Path:
    """Both lists, one whole video, one clip cut out before, one video that is gone."""
    for split, rows in AVSPEECH_ROWS.items():
        write_avspeech_list(root, split, rows)
    put(root / "videos" / "AvWWVOgaMlk.mp4", mp4())
    put(root / "clips" / "_cut1_12.500000_12.900000.mp4", mp4())
    return root


def write_avspeech_list(root: Path, split: str, rows: Sequence[tuple[str, float, float]]) -> None:
    """Stretches with the place of a face."""
    lines = [f"{video},{start:.6f},{end:.6f},0.43,0.21" for video, start, end in rows]
    put(root / f"avspeech_{split}.csv", "\n".join(lines) + "\n")


def build_fleurs(root: Path, codes: Sequence[str] = ("en_us", "ar_eg")) -> Path:
    """Two sentences a split, the first of them said twice."""
    for code in codes:
        folder = root / "data" / code
        for split in ("train", "dev", "test"):
            rows = []
            for number, sentence in enumerate((0, 0, 1)):
                name = f"{split}{10000 + number}.wav"
                raw = FLEURS_TEXTS[sentence]
                plain = raw.lower().strip('".…')
                spaced = " ".join(plain.replace(" ", "|"))
                fields = (str(sentence), name, raw, plain, spaced, "6400", "FEMALE")
                rows.append("\t".join(fields))
                put(folder / "audio" / split / name, wav())
            put(folder / f"{split}.tsv", "\n".join(rows) + "\n")
    return root


def build_common_voice(root: Path, languages: Sequence[str] = ("de", "pt")) -> Path:
    """One release; two sentences of two volunteers a split."""
    header = "client_id\tpath\tsentence_id\tsentence\tup_votes\tlocale"
    for lang in languages:
        for number, split in enumerate(("train", "dev", "test")):
            rows = [header]
            for index, volunteer in enumerate(VOLUNTEERS):
                name = f"common_voice_{lang}_{number}{index}.mp3"
                put(root / lang / "clips" / name, packed_sound("mp3", "libmp3lame"))
                rows.append(f'{volunteer}\t{name}\t7\tEin "Satz {index}\t2\t{lang}')
            put(root / lang / f"{split}.tsv", "\n".join(rows) + "\n")
    return root


def build_musan(root: Path) -> Path:
    """Two files a source, with the lists that lie beside them."""
    for source in ("music/fma", "speech/librivox", "noise/free-sound"):
        category, name = source.split("/")
        stems = [f"{category}-{name}-{number:04d}" for number in range(2)]
        for stem in stems:
            put(root / source / f"{stem}.wav", wav())
        lines = [f"{stem} blues,country Y artist_of_it" for stem in stems]
        put(root / source / "ANNOTATIONS", "\n".join(lines) + "\n")
        put(root / source / "LICENSE", f"UNLESS STATED OTHERWISE ...\n{stems[0]} CC BY 3.0\n")
    return root


KINETICS = {
    "train": (("playing violin", "-aBc_12dEf0", 3), ("abseiling", "xYz-_45gHi9", 12)),
    "val": (("playing violin", "qWe_78rTy-1", 0),),
    "test": (("", "mNb12-_vCx3", 40),),
}
"""Split -> class, video and start."""


def build_kinetics600(root: Path) -> Path:
    """Clips in folders of their classes, those to test without; no lists."""
    for split, rows in KINETICS.items():
        for label, video, start in rows:
            name = f"{video}_{start:06d}_{start + 10:06d}.mp4"
            put(root / split / label / name, mp4())
    return root


def write_kinetics600_lists(root: Path) -> None:
    """The lists as they are given out, where names of classes with a space are quoted."""
    for split, rows in KINETICS.items():
        lines = ["label,youtube_id,time_start,time_end,split,is_cc"]
        lines += [f'"{label}",{video},{s},{s + 10},{split},0' for label, video, s in rows]
        put(root / "annotations" / f"{split}.csv", "\n".join(lines) + "\n")
