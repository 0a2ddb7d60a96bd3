"""Speech Commands 0.01 (Warden 2018): single words, split by a hash of who says them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from espnet_av.corpora.clip import Clip, make_id, survey, write_sets
from espnet_av.corpora.coverage import Coverage, Part, PublishedSize
from espnet_av.corpora.files import visible_files
from espnet_av.errors import DataDirError
from espnet_av.fingerprint import sha1_of
from espnet_av.rates import SAMPLE_RATE

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
UNKNOWN, SILENCE = "_unknown_", "_silence_"
"""Labels of all other words, and of noise."""
_NOISE = "_background_noise_"
_TRAIN_DIR, _TEST_DIR = "speech_commands_v0.01", "speech_commands_test_set_v0.01"
_LANG = "en"
PUBLISHED = {
    Part("train", _LANG): PublishedSize(51_094),
    Part("valid", _LANG): PublishedSize(6_798),
    Part("test", _LANG): PublishedSize(3_081),
}
"""Of SUPERB's task, in which each file of noise is one clip of train and one of valid."""
_LARGEST = 2**27 - 1
_VALID_PERCENT, _TEST_PERCENT = 10.0, 10.0
_PIECE_SEC = 1.0
_VALID_SHARE = 0.1
"""Of each file of noise, its end."""


def prepare_speech_commands(
    root: str | Path,
    out_dir: str | Path,
    *,
    max_missing_ratio: float = 0.05,
    num_jobs: int = 4,
) -> dict[str, int]:
    """Write `out_dir/{train,valid,test}` with `utt2label`, as SUPERB's keyword spotting has them.

    `root/speech_commands_v0.01/<word>/<speaker>_nohash_<n>.wav` is split by a hash of the speaker,
    not by the lists in the archive: a tenth is `valid`, a tenth is left out, as it was for testing.
    `test` is `root/speech_commands_test_set_v0.01/<label>/`. Labels are ten words, `_unknown_` and
    `_silence_`: pieces of a second of `_background_noise_`, the last tenth of each file in `valid`.
    Ids read `speech_commands_<speaker>-<word>-<n>`.

    Args:
        root: the folder in which both archives were unpacked, each into a folder of its own name.
        out_dir: receives the sets, `prepare_report.tsv` and `coverage.tsv`.
        max_missing_ratio: largest share of clips that may be unreadable.
        num_jobs: processes that read headers.

    Returns:
        Utterances per set.

    Raises:
        DataDirError: one of both folders is not there, or has no word or no noise in it.
        DroppedTooManyError: more is unreadable than allowed.
    """
    root, out_dir = Path(root).absolute(), Path(out_dir)
    coverage = Coverage("speech_commands", PUBLISHED)
    clips = list(_read_train(root / _TRAIN_DIR, coverage))
    clips += _read_test(root / _TEST_DIR, coverage)
    kept = survey(clips + _noises(root / _TRAIN_DIR), coverage, num_jobs)
    coverage.finish(out_dir, max_missing_ratio)
    cut = [piece for clip in kept for piece in _pieces(clip)]
    return write_sets(out_dir, cut, lambda clip: clip.part.split)


def hash_split(name: str) -> str | None:
    """`train`, `valid` or None (left out), by the name of a file before `_nohash_`."""
    percent = sha1_of(name.split("_nohash_")[0]) % (_LARGEST + 1) * (100.0 / _LARGEST)
    if percent < _VALID_PERCENT:
        return "valid"
    return None if percent < _VALID_PERCENT + _TEST_PERCENT else "train"


def _words(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    words = [path for path in found if path.name != _NOISE and not path.name.startswith(".")]
    if not words:
        msg = (
            f"{folder}: no folders of words in it; unpack {folder.name}.tar.gz into a folder of "
            "that name, and set SPEECH_COMMANDS= in db.sh to the folder above it"
        )
        raise DataDirError(msg)
    return words


def _read_train(folder: Path, coverage: Coverage) -> Iterator[Clip]:
    for word in _words(folder):
        for path in visible_files(word, [".wav"]):
            split = hash_split(path.name)
            if split is None:
                detail = f"{path}: its speaker was for testing"
                coverage.note(_clip(path, "", "").utt_id, "left_for_test", "left out", detail)
                continue
            yield _clip(path, split, word.name if word.name in WORDS else UNKNOWN)


def _read_test(folder: Path, coverage: Coverage) -> Iterator[Clip]:
    for word in _words(folder):
        is_known = word.name in (*WORDS, UNKNOWN, SILENCE)
        for path in visible_files(word, [".wav"]):
            clip = _clip(path, "test", word.name if is_known else UNKNOWN)
            if not is_known:
                told = f"{path}: '{word.name}' is no label of the task"
                coverage.note(clip.utt_id, "other_word", f"kept as {UNKNOWN}", told)
            yield clip


def _clip(path: Path, split: str, label: str) -> Clip:
    speaker, _, number = path.stem.partition("_nohash_")
    name = make_id(f"speech_commands_{speaker}")
    return Clip(
        utt_id=f"{name}-{make_id(path.parent.name)}" + (f"-{make_id(number)}" if number else ""),
        speaker=name,
        part=Part(split, _LANG),
        audio=path,
        fs=(SAMPLE_RATE,),
        label=label,
    )


def _noises(folder: Path) -> list[Clip]:
    """Each file of noise, once for `train` and once for `valid`."""
    paths = visible_files(folder / _NOISE, [".wav"])
    if not paths:
        msg = f"{folder / _NOISE}: no noise in it, so that nothing would be {SILENCE}; unpack "
        raise DataDirError(msg + f"{folder.name}.tar.gz again")
    return [
        dataclasses.replace(clip, utt_id=f"{clip.utt_id}-{split}", recording=clip.utt_id)
        for path in paths
        for split in ("train", "valid")
        for clip in [_clip(path, split, SILENCE)]
    ]


def _pieces(clip: Clip) -> Iterator[Clip]:
    """The clip; or, of a file of noise, the seconds that its set has."""
    if clip.recording is None:
        yield clip
        return
    count = max(1, int(clip.seconds / _PIECE_SEC))
    num_train = count - max(1, round(_VALID_SHARE * count))
    numbers = range(num_train) if clip.part.split == "train" else range(num_train, count)
    for number in numbers:
        start, end = number * _PIECE_SEC, min((number + 1) * _PIECE_SEC, clip.seconds)
        yield dataclasses.replace(
            clip, utt_id=f"{clip.recording}-{number:03d}", span=(start, end), seconds=end - start
        )
