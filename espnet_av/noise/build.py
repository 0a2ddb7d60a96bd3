"""Making the noises of a recipe: babble of its own voices, and cuts of a noise corpus."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from espnet_av.data.combination import combine
from espnet_av.data.data_dir import DataDir
from espnet_av.data.noise_bank import Noise, write_manifest, write_noise
from espnet_av.errors import ConfigError, DataDirError, MediaError
from espnet_av.media.audio import read_audio
from espnet_av.noise.babble import HELD_OUT_SHARE, SPLITS, babble, by_language, hash64, split_voices
from espnet_av.noise.config import NoiseConfig
from espnet_av.progress import progress

logger = logging.getLogger(__name__)

_MUSAN_FOLDERS = ("music", "noise", "speech")


def build_noise(
    speech: DataDir,
    out_dir: Path,
    config: NoiseConfig,
    musan_dir: Path | None = None,
    test_speech: Sequence[DataDir] = (),
) -> dict[str, list[Noise]]:
    """Write `out_dir/{train,valid,test}` with FLAC files and `noise.tsv`.

    No voice and no file is in two splits, so a system is tested with noises it has not heard.

    Args:
        speech: data dir or dump whose sound gives the voices, best the training set.
        out_dir: receives a folder for each split that has noises.
        config: what to make.
        musan_dir: a noise corpus laid out as MUSAN is: any of `music/`, `noise/`, `speech/` with
            sound files below; None for babble alone.
        test_speech: test sets whose voices make the babble of tests; without them, held-out voices
            of `speech` do.

    Returns:
        The noises of each split.

    Raises:
        ConfigError: there is nothing to make, or `musan_dir` has no such folders.
        DataDirError: too few utterances for babble, or speakers of `test_speech` are in `speech`.
    """
    voices = _voices(speech, config, test_speech) if any(config.num_babble.values()) else {}
    files = split_files(musan_dir) if musan_dir else {}
    made: dict[str, list[Noise]] = {}
    for split in SPLITS:
        noises = list(_babbles(*voices[split], split, out_dir, config)) if split in voices else []
        for path, category in progress(files.get(split, []), desc=f"{split} noise", unit="file"):
            noises += _cuts(path, category, split, out_dir / split, config)
        if noises:
            write_manifest(out_dir / split, noises)
            made[split] = noises
    if not made:
        msg = "noise: nothing to make; set num_babble or give --musan_dir"
        raise ConfigError(msg)
    return made


def split_files(musan_dir: Path) -> dict[str, list[tuple[Path, str]]]:
    """Divide the sound files of a noise corpus among the splits, each with its category."""
    files = [
        (path, category)
        for category in _MUSAN_FOLDERS
        for path in sorted((musan_dir / category).rglob("*"))
        if path.suffix.lower() in (".wav", ".flac", ".mp3", ".ogg")
    ]
    if not files:
        msg = (
            f"{musan_dir}: no sound file in {', '.join(_MUSAN_FOLDERS)}/; is this the noise corpus?"
        )
        raise ConfigError(msg)
    splits: dict[str, list[tuple[Path, str]]] = {split: [] for split in SPLITS}
    for path, category in files:
        share = hash64(0, path.relative_to(musan_dir).as_posix()) / 2**64
        held_out = "valid" if share < 2 * HELD_OUT_SHARE else "train"
        splits["test" if share < HELD_OUT_SHARE else held_out].append((path, category))
    return splits


def _voices(
    speech: DataDir, config: NoiseConfig, test_speech: Sequence[DataDir]
) -> dict[str, tuple[DataDir, list[str]]]:
    """For each split with babbles, where its voices are and which utterances they say."""
    own = [split for split in SPLITS if not (test_speech and split == "test")]
    voices = {split: (speech, pool) for split, pool in split_voices(speech, config, own).items()}
    if test_speech and config.num_babble["test"]:
        tables, _ = combine(test_speech)
        tests = DataDir(test_speech[0].path.parent, tables)
        shared = sorted(set(tables["utt2spk"].values()) & set(speech.tables["utt2spk"].values()))
        if shared:
            msg = (
                f"{speech.path}: {len(shared)} speakers are in the test sets too, e.g. "
                f"{shared[0]}; babble of tests must be of other voices: divide by speaker"
            )
            raise DataDirError(msg)
        utt_ids = [u for part in by_language(tests, config).values() for u in part]
        voices["test"] = (tests, utt_ids)
    return voices


def _babbles(
    speech: DataDir, pool: Sequence[str], split: str, out_dir: Path, config: NoiseConfig
) -> Iterator[Noise]:
    numbers = range(config.num_babble[split])
    for number in progress(numbers, desc=f"{split} babble", unit="file"):
        # A generator of its own: one babble does not depend on how many there are.
        rng = np.random.default_rng([config.seed, SPLITS.index(split), number])
        wave = babble(speech, pool, config, rng)
        name = f"babble-{split}-{number:05d}"
        yield _store(out_dir / split, name, "babble", split, wave, config.fs)


def _cuts(
    path: Path, category: str, split: str, out_dir: Path, config: NoiseConfig
) -> Iterator[Noise]:
    """Pieces of one file of a noise corpus; an unreadable file is reported and left out."""
    try:
        wave = read_audio(path, config.fs)
    except MediaError as error:
        logger.warning("left out: %s", error)
        return
    length = round(config.cut_duration * config.fs)
    for number, start in enumerate(range(0, len(wave), length)):
        piece = wave[start : start + length]
        if len(piece) >= config.min_cut_duration * config.fs and piece.any():
            name = f"{category}-{path.stem}-{number:04d}"
            yield _store(out_dir, name, category, split, piece, config.fs)


def _store(
    out_dir: Path, noise_id: str, category: str, split: str, wave: np.ndarray, fs: int
) -> Noise:
    name = f"{category}/{noise_id}.flac"
    digest, num_bytes = write_noise(out_dir / name, wave, fs)
    return Noise(noise_id, category, split, name, len(wave), digest, num_bytes)
