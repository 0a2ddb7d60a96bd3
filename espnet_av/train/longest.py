"""How long the longest utterance was that a model learned from."""

from __future__ import annotations

import shlex
from pathlib import Path

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.data.table import parse_table
from espnet_av.errors import CheckpointError
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE

LENGTHS = "lengths.yaml"
"""File of an experiment, which goes along into a packed model."""
_KEY = "longest_sec"


def write_longest(exp_dir: Path, longest_sec: float) -> None:
    """Note the length of the longest training utterance in an experiment."""
    with atomic_write(exp_dir / LENGTHS) as stream:
        stream.write(longest_note(longest_sec))


def longest_note(longest_sec: float) -> str:
    """Content of `LENGTHS`."""
    return yaml.safe_dump({_KEY: round(longest_sec, 3)})


def read_longest(exp_dir: Path) -> float | None:
    """Seconds of the longest training utterance.

    Experiments that are older than the note are asked for their training set, if it is still where
    their command says.

    Returns:
        None: nobody knows.

    Raises:
        CheckpointError: the note is damaged.
    """
    path = exp_dir / LENGTHS
    if not path.is_file():
        return _longest_of_training_set(exp_dir)
    try:
        longest_sec = float(yaml.safe_load(path.read_text(encoding="utf-8"))[_KEY])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        msg = f"{path}: not '{_KEY}: <seconds>', as training wrote it; write that, or remove it"
        raise CheckpointError(msg) from error
    if not 0 < longest_sec < float("inf"):
        msg = f"{path}: {_KEY} is {longest_sec}; write the seconds of the longest utterance"
        raise CheckpointError(msg)
    return longest_sec


def _longest_of_training_set(exp_dir: Path) -> float | None:
    """By the command in `provenance.yaml`."""
    try:
        record = yaml.safe_load((exp_dir / "provenance.yaml").read_text(encoding="utf-8"))
        words = shlex.split(str(record["command"]))
        train_dir = Path(words[words.index("--train_dir") + 1])
        # Commands of recipes are relative to the recipe, whose exp/<tag> this is.
        places = (train_dir, *(parent / train_dir for parent in exp_dir.resolve().parents[:2]))
        train_dir = next(place for place in places if place.is_dir())
        frames = _largest(train_dir / "utt2num_frames") / FRAME_HZ
        return max(frames, _largest(train_dir / "utt2num_samples") / SAMPLE_RATE) or None
    except (OSError, yaml.YAMLError, LookupError, TypeError, ValueError, StopIteration):
        return None


def _largest(table: Path) -> int:
    if not table.is_file():
        return 0
    return max((int(value) for value in parse_table(table)[0].values()), default=0)
