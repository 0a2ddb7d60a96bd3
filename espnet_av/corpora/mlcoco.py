"""Multilingual COCO: captions and their translations, spoken by synthesisers; made, not fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coco import Caption, read_captions, read_karpathy
from espnet_av.corpora.coverage import DROPPED, Coverage, Part, Problem, PublishedSize
from espnet_av.corpora.spoken_captions import CaptionLine, speak
from espnet_av.corpora.tsv import read_tsv
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.fingerprint import number_of

PARTS = {"train2014": "train", "val2014": "valid"}
PUBLISHED = PublishedSize(hours=550)
"""Hours of English and French together (arXiv 2509.17523)."""
SOURCE_LANG = "en"
"""Of the captions of COCO."""


def prepare_mlcoco(
    root: str | Path,
    out_dir: str | Path,
    *,
    sound_dir: Path | None = None,
    voices: dict[str, list[str]] | None = None,
    translations: dict[str, str] | None = None,
    tts: str = "",
    karpathy: Path | None = None,
    captions_per_image: int = 5,
    seed: int = 0,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Have captions of COCO spoken, and write `out_dir/{train,valid,test}_<lang>` of them.

    `root/annotations/captions_{train,val}2014.json` are read. A caption is said in each language by
    one of its voices, which its number and the seed choose, into
    `sound_dir/<lang>/<voice>/<first digits>/<id>.wav`; ids read `mlcoco_<voice>-<lang>-<number>`.
    A voice that several languages name is one speaker. What is there is kept, so this goes on where
    it was stopped, and a corpus that is spoken already needs no program. All captions of an image
    have its name in `utt2image`, in every language.

    Args:
        root: COCO, with `annotations/`.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        sound_dir: receives the sound; by default `out_dir/wav`.
        voices: language -> names of its voices, as the program calls them; the paper has two, of a
            woman and of a man.
        translations: language -> table parted by tabs: number of a caption, translation. English is
            that of COCO.
        tts: command that speaks, with {text} or {text_file}, {voice}, {wav} and {lang} in it.
        karpathy: `dataset_coco.json`, whose split is taken; without it `val2014` is `valid`.
        captions_per_image: so many of each image are taken, in the order of their numbers.
        seed: of the choice of voices.
        max_missing_ratio: largest share of captions that may be without translation or sound.
        num_jobs: programs at a time.

    Returns:
        Utterances per set.

    Raises:
        ConfigError: no voice, a language without translations, or a command that cannot be run.
        DataDirError: a list is missing or damaged.
        DroppedTooManyError: too many captions have no translation or no sound.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    spoken = _checked(voices or {}, translations or {})
    splits = None if karpathy is None else read_karpathy(Path(karpathy))
    sound = Path(sound_dir or out_dir / "wav").absolute()
    coverage = Coverage("mlcoco", total=PUBLISHED)
    captions = _captions(root, captions_per_image)
    clips: list[Clip] = []
    for lang, names in spoken.items():
        told = None if lang == SOURCE_LANG else _read_translations(Path((translations or {})[lang]))
        for part, caption in captions:
            text = caption.text if told is None else told.get(caption.number, "")
            voice = names[number_of(f"{seed} {lang} {caption.number}") % len(names)]
            clip = _clip(lang, voice, part, caption._replace(text=text), sound)
            if text:
                clips.append(clip)
            else:
                what = "translation" if told is not None else "text"
                problem = Problem(clip.utt_id, f"no_{what}", DROPPED, f"caption {caption.number}")
                coverage.lose(clip.part, problem, "unusable")
    _speak(clips, spoken, tts, num_jobs, coverage)
    kept = survey(clips, coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    return write_sets(out_dir, kept, lambda clip: _set_of(clip, splits))


def _checked(
    voices: Mapping[str, Sequence[str]], translations: Mapping[str, str]
) -> dict[str, list[str]]:
    if not voices or not all(voices.values()):
        msg = "voices: name those of each language, as in --voices "
        raise ConfigError(msg + "'{en: [en-us+m3, en-us+f2], fr: [fr+m3, fr+f2]}'")
    lacking = sorted(set(voices) - set(translations) - {SOURCE_LANG})
    if lacking:
        msg = (
            f"translations: none into {', '.join(lacking)}; give a table for each language, as in "
        )
        raise ConfigError(msg + f"--translations '{{{lacking[0]}: captions_{lacking[0]}.tsv}}'")
    names = {name for own in voices.values() for name in own}
    if len({make_id(name) for name in names}) < len(names):
        msg = f"voices: {', '.join(sorted(names))}: two would be one speaker; rename one"
        raise ConfigError(msg)
    return {lang: list(names) for lang, names in voices.items()}


def _captions(root: Path, per_image: int) -> list[tuple[str, Caption]]:
    """The captions of both parts, so many of each image."""
    counts: dict[str, int] = {}
    taken = []
    for part in PARTS:
        for caption in read_captions(root / "annotations", part):
            counts[caption.image] = counts.get(caption.image, 0) + 1
            if counts[caption.image] <= per_image:
                taken.append((part, caption))
    return taken


def _clip(lang: str, voice: str, part: str, caption: Caption, sound: Path) -> Clip:
    speaker = make_id(f"mlcoco_{voice}")
    utt_id = f"{speaker}-{make_id(lang)}-{caption.number:07d}"
    folder = sound / make_id(lang) / make_id(voice) / f"{caption.number:07d}"[:4]
    return Clip(
        utt_id=utt_id,
        speaker=speaker,
        part=Part(part, lang),
        audio=folder / f"{utt_id}.wav",
        text=caption.text or None,
        image=caption.image,
        origin=f"caption {caption.number}",
    )


def _speak(
    clips: list[Clip],
    voices: Mapping[str, Sequence[str]],
    tts: str,
    num_jobs: int,
    coverage: Coverage,
) -> None:
    """Make the sound that is not there; why some has none is noted, and counted by `survey`."""
    names = {make_id(f"mlcoco_{voice}"): voice for own in voices.values() for voice in own}
    lines = [
        CaptionLine(str(clip.text), names[clip.speaker], clip.part.lang, Path(str(clip.audio)))
        for clip in clips
    ]
    missing = [line for line in lines if not line.wav.is_file()]
    if missing and not tts:
        msg = (
            f"{len(missing)} of {len(lines)} captions are not spoken yet, as {missing[0].wav}; "
            "give a command that does it: --tts 'espeak-ng -v {voice} -w {wav} -f {text_file}'"
        )
        raise ConfigError(msg)
    problems = speak(lines, tts, num_jobs) if missing else {}
    for clip in clips:
        if clip.audio in problems:
            coverage.note(clip.utt_id, "not_spoken", DROPPED, problems[clip.audio])


def _set_of(clip: Clip, splits: Mapping[str, str] | None) -> str:
    own = PARTS[clip.part.split]
    return f"{own if splits is None else splits.get(str(clip.image), own)}_{clip.part.lang}"


def _read_translations(path: Path) -> dict[int, str]:
    """Number of a caption -> its translation; a head is passed over."""
    found: dict[int, str] = {}
    for number, row in enumerate(read_tsv(path, 2), 1):
        if row[0].isdecimal():
            found[int(row[0])] = " ".join(row[1].split())
        elif number > 1:
            msg = f"{path}:{number}: '{row[0][:40]}' is no number of a caption"
            raise DataDirError(msg)
    return found
