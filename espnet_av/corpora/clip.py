"""A clip as a corpus promises it, what of it is on disk, and the data dirs written of that."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem
from espnet_av.corpora.probe import Media, probe_all
from espnet_av.corpora.turns import last_end, turns_within
from espnet_av.data.data_dir import write_data_dir
from espnet_av.data.face_place import FacePlace
from espnet_av.data.rttm import format_turns
from espnet_av.data.table import Segment
from espnet_av.rates import FRAME_HZ

SOUND_ALONE = "kept, sound alone"
PICTURE_ALONE = "kept, picture alone"
_FPS_SLACK = 0.01
_END_SLACK_SEC = 0.1
_MOUTH_CROP_SIDE = 96
"""Pictures as small as this are mouth crops already: points in the original do not fit them."""
FrameKind = Literal["mouth", "full", "both"]
"""What of a picture later stages take: a mouth clip, all of it, or both."""
PICTURE_TABLES: dict[str, tuple[str, ...]] = {
    "mouth": ("video.scp",),
    "full": ("film.scp",),
    "both": ("video.scp", "film.scp"),
}
"""The tables that name the picture for them."""
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+|\.\.+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """One utterance or one recording of a corpus; paths are promises until `survey` checks them."""

    utt_id: str
    speaker: str
    part: Part
    """The corpus's own split, and the language (`-`: unknown)."""
    video: Path | None = None
    """The file with the picture; None: the corpus has no picture."""
    audio: Path | None = None
    """A file of the sound alone; None: the sound is the video's own."""
    fs: tuple[int, ...] = ()
    """Sample rates the corpus promises of `audio`; empty: any."""
    text: str | None = None
    translations: dict[str, str] = field(default_factory=dict)
    """Target language -> translation."""
    target: str | None = None
    """Language of the text that is to be written, where an id stands for one of several."""
    label: str | None = None
    """Class of what is heard or seen."""
    turns: tuple[Segment, ...] = ()
    """Who speaks when in the recording, in seconds from its start."""
    frames: FrameKind = "mouth"
    landmarks: Path | None = None
    landmarks_key: str | None = None
    """Name of the clip within `landmarks`."""
    face: FacePlace | None = None
    """Where the speaker's face is when the clip begins, where the corpus tells."""
    category: str | None = None
    image: str | None = None
    """Name of the image that it describes."""
    phones: tuple[Segment, ...] = ()
    """What the corpus knows of its phones, in seconds from its start."""
    recording: str | None = None
    """Id of the recording it is a part of; None: it is one itself."""
    span: tuple[float, float] | None = None
    """Start and end within the recording, in seconds."""
    origin: str = ""
    """Where the corpus names it, as `file:line`, for messages."""
    seconds: float = 0.0
    """Duration, once surveyed."""


def make_id(name: str) -> str:
    """`name` as a part of an utterance id: what an id cannot hold becomes `_`."""
    return _FOREIGN.sub("_", name)


def survey(clips: Sequence[Clip], coverage: Coverage, num_jobs: int) -> list[Clip]:
    """Keep what can be used of each clip, and report and count the rest.

    A clip without its video keeps a separate sound file and the other way round; a clip with
    neither is dropped. Odd frame and sample rates and missing landmarks are noted; all are cured
    later.

    Args:
        clips: what the corpus promises; a doubled id is dropped.
        coverage: receives the faults and the durations.
        num_jobs: processes that read headers.

    Returns:
        The clips that remain, with `video` None where there is no picture, `audio` the file of the
        sound or None, `landmarks` None where they are missing, and `seconds`.
    """
    paths = (path for clip in clips for path in (clip.video, clip.audio) if path is not None)
    media = probe_all(paths, num_jobs=num_jobs, desc=f"{coverage.corpus}: reading headers")
    is_file = functools.lru_cache(maxsize=1 << 16)(Path.is_file)
    kept: dict[str, Clip] = {}
    for clip in clips:
        if clip.utt_id in kept:
            _lose(coverage, clip, "duplicate_id", "the id is taken by another clip")
            continue
        present = _with_tracks(clip, media, coverage)
        if present is not None:
            picture = media[present.video] if present.video else None
            kept[clip.utt_id] = _with_landmarks(present, picture, coverage, is_file)
    return list(kept.values())


def write_sets(
    out_dir: Path, clips: Iterable[Clip], name_set: Callable[[Clip], str]
) -> dict[str, int]:
    """Write surveyed clips as one data dir for each name; returns how many each holds."""
    sets: dict[str, list[Clip]] = {}
    for clip in clips:
        sets.setdefault(name_set(clip), []).append(clip)
    return {name: write_set(out_dir / name, members) for name, members in sets.items()}


def write_set(path: Path, clips: Iterable[Clip]) -> int:
    """Write surveyed clips as a data dir; returns how many there are."""
    tables: dict[str, dict[str, str]] = {}
    ctm: dict[str, list[Segment]] = {}
    count = 0
    for clip in clips:
        count += 1
        recording = clip.recording or clip.utt_id
        sound, points = clip.audio, clip.landmarks
        named = () if clip.video is None else PICTURE_TABLES[clip.frames]
        face = clip.face if "video.scp" in named else None
        rows: dict[str, tuple[str, str | None]] = {
            **{table: (recording, str(clip.video)) for table in named},
            "wav.scp": (recording, None if sound is None else str(sound)),
            "landmarks.scp": (
                recording,
                None if points is None else _pointer(points, clip.landmarks_key),
            ),
            "text": (clip.utt_id, clip.text),
            "utt2spk": (clip.utt_id, clip.speaker),
            "utt2lang": (clip.utt_id, None if clip.part.lang == "-" else clip.part.lang),
            "utt2category": (clip.utt_id, clip.category),
            "utt2target": (clip.utt_id, clip.target),
            "utt2label": (clip.utt_id, clip.label),
            "rttm": (recording, format_turns(clip.turns) or None),
            "utt2image": (clip.utt_id, clip.image),
            "utt2face": (clip.utt_id, face and str(face)),
            "segments": (clip.utt_id, _segment(recording, clip.span)),
        }
        rows |= {f"text.{lang}": (clip.utt_id, text) for lang, text in clip.translations.items()}
        for table, (key, value) in rows.items():
            if value is not None:
                tables.setdefault(table, {})[key] = value
        if clip.phones:
            ctm[clip.utt_id] = list(clip.phones)
    write_data_dir(path, tables, ctm)
    return count


def _with_tracks(clip: Clip, media: dict[Path, Media], coverage: Coverage) -> Clip | None:
    """The clip with the tracks that can be read; None: there is none."""
    video = media[clip.video] if clip.video else None
    sound = media[clip.audio] if clip.audio else None
    for path in (clip.video, clip.audio):
        if path is not None and media[path].error:
            coverage.lack(path)
    has_video = video is not None and video.has_video
    source = _source_of_sound(clip, video, sound)
    fault = next((m for m in (video, sound) if m is not None and m.error), None)
    if has_video and source is None and clip.frames == "full":
        detail = f"{clip.video}: no sound in it, and there are no mouth clips"
        _lose(coverage, clip, "no_sound", detail)
        return None
    if not has_video and source is None:
        lacking = fault is not None and fault.missing
        detail = fault.error if fault else f"{clip.video or clip.audio}: no usable track"
        _lose(coverage, clip, "missing" if lacking else "unreadable", detail)
        return None
    length = max(m.seconds for m in (video, sound) if m is not None and not m.error)
    start, end = clip.span or (0.0, length)
    if start >= length:
        detail = f"{clip.video or clip.audio}: ends at {length:.2f} s, the clip starts at {start} s"
        _lose(coverage, clip, "beyond_end", detail)
        return None
    turns = turns_within(clip.turns, length)
    if clip.turns and not turns:
        first = min(clip.turns).start
        told = f"ends at {length:.2f} s, the first turn starts at {first:g} s: of another recording"
        _lose(coverage, clip, "turns_beyond_end", f"{clip.video or clip.audio}: {told}")
        return None
    present = dataclasses.replace(
        clip,
        video=clip.video if has_video else None,
        audio=source,
        span=clip.span and (start, min(end, length)),
        turns=turns,
        seconds=min(end, length) - start,
    )
    _count(present, clip, video, sound, coverage)
    return present


def _source_of_sound(clip: Clip, video: Media | None, sound: Media | None) -> Path | None:
    """The file whose sound is taken: its own, or that of the film; None: there is none."""
    if sound is not None and sound.has_audio:
        return clip.audio
    return clip.video if video is not None and video.has_audio else None


def _count(
    present: Clip, clip: Clip, video: Media | None, sound: Media | None, coverage: Coverage
) -> None:
    """Report and count one clip that is kept."""
    if clip.video and present.video is None:
        assert video is not None
        kind = "missing_video" if video.missing else "unreadable_video"
        detail = _detail(clip, video.error or f"{clip.video}: no picture in it")
        problem = Problem(clip.utt_id, kind, SOUND_ALONE, detail)
        coverage.lose(clip.part, problem, "incomplete", present.seconds)
    elif present.audio is None:
        error = sound.error if sound else f"{clip.video}: no sound in it"
        problem = Problem(clip.utt_id, "no_sound", PICTURE_ALONE, _detail(clip, error))
        coverage.lose(clip.part, problem, "incomplete", present.seconds)
    else:
        coverage.found(clip.part, present.seconds)
        if clip.span and present.span and present.span[1] < clip.span[1] - _END_SLACK_SEC:
            by = clip.span[1] - present.span[1]
            late = f"{clip.video or clip.audio}: ends {by:.2f} s before the clip does"
            coverage.note(clip.utt_id, "cut_by_end", "kept, shorter", _detail(clip, late))
        if (by := last_end(clip.turns) - last_end(present.turns)) > _END_SLACK_SEC:
            late = f"{clip.video or clip.audio}: turns go on {by:.2f} s after its end"
            coverage.note(clip.utt_id, "turns_cut", "kept, turns cut", _detail(clip, late))
        if sound is not None and present.audio != clip.audio:
            kind = "missing_audio" if sound.missing else "unreadable_audio"
            coverage.note(clip.utt_id, kind, "kept, the video's own sound", sound.error)
    _note_rates(present, video, sound, coverage)


def _note_rates(
    present: Clip, video: Media | None, sound: Media | None, coverage: Coverage
) -> None:
    has_mouth = present.video is not None and present.frames != "full"
    if has_mouth and video and abs(video.fps - FRAME_HZ) > _FPS_SLACK:
        rate = f"{present.video}: {video.fps:.3f} frames/s"
        coverage.note(present.utt_id, "odd_frame_rate", "kept, read at 25 frames/s", rate)
    if present.fs and sound and sound.has_audio and sound.fs not in present.fs:
        rate = f"{present.audio}: {sound.fs} samples/s, not {' or '.join(map(str, present.fs))}"
        coverage.note(present.utt_id, "odd_sample_rate", "kept, resampled", rate)


def _with_landmarks(
    clip: Clip,
    picture: Media | None,
    coverage: Coverage,
    is_file: functools._lru_cache_wrapper[bool],
) -> Clip:
    if clip.landmarks is None:
        return clip
    if picture is not None and picture.width > _MOUTH_CROP_SIDE:
        if is_file(clip.landmarks):
            return clip
        detail = f"{clip.landmarks}: no such file"
        coverage.note(clip.utt_id, "no_landmarks", "kept without landmarks", detail)
    return dataclasses.replace(clip, landmarks=None)


def _segment(recording: str, span: tuple[float, float] | None) -> str | None:
    return None if span is None else f"{recording} {span[0]:.3f} {span[1]:.3f}"


def _pointer(landmarks: Path, key: str | None) -> str:
    path = landmarks.absolute()
    return f"{path}:{key}" if key else str(path)


def _detail(clip: Clip, error: str) -> str:
    return f"{error} ({clip.origin})" if clip.origin else error


def _lose(coverage: Coverage, clip: Clip, reason: str, detail: str) -> None:
    outcome = {"missing": "missing", "unreadable": "unreadable"}.get(reason, "unusable")
    problem = Problem(clip.utt_id, reason, DROPPED, _detail(clip, detail))
    coverage.lose(clip.part, problem, outcome)  # type: ignore[arg-type]
