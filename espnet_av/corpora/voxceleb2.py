"""VoxCeleb2 (Chung et al. 2018): interviews as face tracks, without transcripts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from espnet_av.corpora.clip import Clip, FrameKind, make_id, survey, write_sets
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.hold_out import hold_out, read_id_list
from espnet_av.errors import ConfigError, DataDirError

SPLITS = ("dev", "test")
NUM_HELD_OUT = 20
"""Speakers of `dev` that stand in for those of `test`, a few thousand utterances."""
PUBLISHED = {Part("dev", "-"): PublishedSize(1_092_009), Part("test", "-"): PublishedSize(36_237)}
"""Utterances of each folder (arXiv 1806.05622)."""
PUBLISHED_SUM = PublishedSize(1_128_246, 2442)
"""Utterances and hours of both together."""
PUBLISHED_ENGLISH = PublishedSize(628_418, 1326)
"""Clips and hours of the list of English ones that AV-HuBERT trains on."""


def prepare_voxceleb2(
    root: str | Path,
    out_dir: str | Path,
    *,
    english_list: Path | None = None,
    landmarks_dir: Path | None = None,
    sound_only: bool = False,
    frames: FrameKind = "mouth",
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{dev,test}` from a copy of VoxCeleb2; there is no `text`.

    `root/{dev,test}/mp4/<speaker>/<video>/<number>.mp4` are read; where the sound lies apart, as
    `aac/<speaker>/<video>/<number>.m4a` or `wav/....wav`, that is used. A clip counts as missing
    when only its sound or its face track `txt/<speaker>/<video>/<number>.txt` is there. Ids read
    `id00012-<video>-<number>`.

    Args:
        root: the corpus.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        english_list: ids of the English clips, one `<speaker>/<video>/<number>` a line, with any
            folder in front; only these are taken, and get the language `en`. If none of them is
            of `test`, some speakers of `dev`, at most a tenth, become that set.
        landmarks_dir: face points as `{dev,test}/<speaker>/<video>/<number>.pkl`, one list a clip.
        sound_only: write no pictures. A copy that has nothing but `aac/` or `wav/` is then whole,
            and no later stage looks for faces.
        frames: what is written of pictures: `video.scp` for mouth clips, `film.scp` for full
            frames (clips without sound are dropped then), or both.
        max_missing_ratio: largest share of clips that may be incomplete or missing.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        ConfigError: frames of sound alone.
        DataDirError: no clip below `root`, or the list is missing or names none of them.
        DroppedTooManyError: more is missing than allowed.
    """
    if sound_only and frames != "mouth":
        msg = f"sound_only leaves no picture for frames: {frames}; give one of both"
        raise ConfigError(msg)
    root, out_dir = Path(root).absolute(), Path(out_dir)
    lang = "en" if english_list else "-"
    total = PUBLISHED_ENGLISH if english_list else PUBLISHED_SUM
    coverage = Coverage("voxceleb2", None if english_list else PUBLISHED, total)
    parts = [Part(split, lang) for split in SPLITS]
    clips = {
        place: clip for part in parts for place, clip in _find(root, part, landmarks_dir, frames)
    }
    if not clips:
        msg = (
            f"{root}: no VoxCeleb2 clip found; expected dev/mp4/ and test/mp4/ with "
            "id00012/<video>/00001.mp4, or aac/ and 00001.m4a for --sound_only true; set "
            "VOXCELEB2= in db.sh to the folder that holds them"
        )
        raise DataDirError(msg)
    if sound_only:
        clips = {place: _sound_of(clip) for place, clip in clips.items()}
    if english_list is not None:
        clips = _only_listed(clips, english_list, coverage)
    kept = survey(list(clips.values()), coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    held_out = _speakers_held_out(kept)
    return write_sets(
        out_dir, kept, lambda clip: "test" if clip.speaker in held_out else clip.part.split
    )


def _find(
    root: Path, part: Part, landmarks_dir: Path | None, frames: FrameKind
) -> Iterator[tuple[str, Clip]]:
    """Path below the corpus without extension, and clip; sound or a track alone counts too."""
    folder = root / part.split
    videos = {_place(path): path for path in visible_files(folder / "mp4", [".mp4"])}
    sounds = {_place(path): path for path in visible_files(folder / "aac", [".m4a"])}
    sounds |= {_place(path): path for path in visible_files(folder / "wav", [".wav"])}
    tracks = map(_place, visible_files(folder / "txt", [".txt"]))
    for place in sorted({*videos, *sounds, *tracks}):
        clip = Clip(
            utt_id=_utt_id(place),
            speaker=make_id(place.split("/")[0]),
            part=part,
            video=videos.get(place, folder / "mp4" / f"{place}.mp4"),
            audio=sounds.get(place),
            landmarks=landmarks_dir / part.split / f"{place}.pkl" if landmarks_dir else None,
            frames=frames,
        )
        yield f"{part.split}/{place}", clip


def _sound_of(clip: Clip) -> Clip:
    """The clip without its picture; its sound is a file of its own, or that of the video."""
    return dataclasses.replace(clip, video=None, audio=clip.audio or clip.video, landmarks=None)


def _speakers_held_out(clips: Sequence[Clip]) -> set[str]:
    """Of clips that are all of `dev`; none if that would leave nobody there."""
    speakers = {clip.speaker for clip in clips}
    if len(speakers) < 2 or any(clip.part.split == "test" for clip in clips):
        return set()
    return hold_out(speakers, NUM_HELD_OUT)


def _place(path: Path) -> str:
    return "/".join((*path.parts[-3:-1], path.stem))


def _utt_id(place: str) -> str:
    return make_id(place.replace("/", "-"))


def _only_listed(clips: dict[str, Clip], english_list: Path, coverage: Coverage) -> dict[str, Clip]:
    """The clips a list names; what it names in vain is lost, the rest is left out."""
    places = {place: clip.utt_id for place, clip in clips.items()}
    listed, unknown = read_id_list(english_list, places)
    if not listed:
        msg = f"{english_list}: names none of the {len(clips)} clips; is it for another corpus?"
        raise DataDirError(msg)
    for name in unknown:
        part = Part(next((split for split in SPLITS if name.startswith(f"{split}/")), "dev"), "en")
        detail = f"'{name}' named in {english_list}, no such clip"
        problem = Problem(_utt_id(_place(Path(name))), "missing", DROPPED, detail)
        coverage.lose(part, problem, "missing")
    for clip in clips.values():
        if clip.utt_id not in listed:
            coverage.note(clip.utt_id, "unlisted", "left out", f"not in {english_list}")
    return {place: clip for place, clip in clips.items() if clip.utt_id in listed}
