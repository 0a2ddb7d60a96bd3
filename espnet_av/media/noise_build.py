"""Making the noises of a recipe: babble of its own voices, and cuts of a noise corpus."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from espnet_av.data.ark import is_ark_pointer, read_audio_ark
from espnet_av.data.data_dir import DataDir
from espnet_av.errors import ConfigError, DataDirError, MediaError
from espnet_av.media.audio import read_audio
from espnet_av.media.noise import Noise, make_babble, write_manifest, write_noise
from espnet_av.media.noise_config import NoiseConfig
from espnet_av.progress import progress

logger = logging.getLogger(__name__)

SPLITS = ("train", "valid", "test")
_HELD_OUT_SHARE = 0.1
"""Share of the voices, and of the files of a noise corpus, for validation, and for test."""
_MUSAN_FOLDERS = ("music", "noise", "speech")


def build_noise(
    speech: DataDir, out_dir: Path, config: NoiseConfig, musan_dir: Path | None = None
) -> dict[str, list[Noise]]:
    """Write `out_dir/{train,valid,test}` with FLAC files and `noise.tsv`.

    No voice and no file is in two splits, so a system is tested with noises it has not heard.

    Args:
        speech: data dir or dump whose sound gives the voices, best the training set.
        out_dir: receives a folder for each split that has noises.
        config: what to make.
        musan_dir: a noise corpus laid out as MUSAN is: any of `music/`, `noise/`, `speech/` with
            sound files below; None for babble alone.

    Returns:
        The noises of each split.

    Raises:
        ConfigError: there is nothing to make, or `musan_dir` has no such folders.
        DataDirError: too few utterances for babble.
    """
    voices = split_voices(speech, config) if any(config.num_babble.values()) else {}
    files = split_files(musan_dir) if musan_dir else {}
    made: dict[str, list[Noise]] = {}
    for split in SPLITS:
        noises = list(_babbles(speech, voices.get(split, []), split, out_dir / split, config))
        for path, category in progress(files.get(split, []), desc=f"{split} noise", unit="file"):
            noises += _cuts(path, category, split, out_dir / split, config)
        if noises:
            write_manifest(out_dir / split, noises)
            made[split] = noises
    if not made:
        msg = "noise: nothing to make; set num_babble or give --musan_dir"
        raise ConfigError(msg)
    return made


def split_voices(speech: DataDir, config: NoiseConfig) -> dict[str, list[str]]:
    """Divide utterances with sound among the splits: 80/10/10 %, but enough for a babble each.

    Whole speakers are divided where there are enough of them for a babble in each split.

    Raises:
        DataDirError: too few utterances with sound.
    """
    utt2spk = speech.tables["utt2spk"]
    utt_ids = [u for u in speech.utt_ids if speech.get("wav.scp", speech.recording(u)[0])]
    by_speaker: dict[str, list[str]] = {}
    for utt_id in utt_ids:
        by_speaker.setdefault(utt2spk[utt_id], []).append(utt_id)
    num_splits = sum(count > 0 for count in config.num_babble.values())
    groups = list(by_speaker.values())
    if len(groups) < num_splits * config.num_voices:
        groups = [[utt_id] for utt_id in utt_ids]
    if len(groups) < num_splits * config.num_voices:
        msg = (
            f"{speech.path}: {len(groups)} utterances with sound; babble of {config.num_voices} "
            f"voices in {num_splits} splits needs {num_splits * config.num_voices}; lower "
            "num_voices, or set a split's num_babble to 0"
        )
        raise DataDirError(msg)
    groups = sorted(groups, key=lambda group: _hash(config.seed, group[0]))
    held_out = max(config.num_voices, int(_HELD_OUT_SHARE * len(groups)))
    pools: dict[str, list[str]] = {}
    for split in reversed(SPLITS):
        if config.num_babble.get(split, 0):
            size = len(groups) if split == "train" else held_out
            pools[split] = [utt_id for group in groups[:size] for utt_id in group]
            groups = groups[size:]
    return pools


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
        share = _hash(0, path.relative_to(musan_dir).as_posix()) / 2**64
        held_out = "valid" if share < 2 * _HELD_OUT_SHARE else "train"
        splits["test" if share < _HELD_OUT_SHARE else held_out].append((path, category))
    return splits


def read_speech(speech: DataDir, utt_id: str, fs: int) -> np.ndarray:
    """Sound of an utterance of a data dir or dump: (S,) float32.

    Raises:
        MediaError: its file cannot be read, or an archive has another rate.
    """
    name, start, end = speech.recording(utt_id)
    path = speech.locate("wav.scp", name)
    assert path is not None, f"{utt_id} was chosen without sound"
    if not is_ark_pointer(path):
        return read_audio(path, fs, start, end)
    wave, rate = read_audio_ark(path)
    if rate != fs:
        msg = f"{path}: archive at {rate} Hz, noises are wanted at {fs} Hz; set fs in noise.yaml"
        raise MediaError(msg)
    return wave


def _babbles(
    speech: DataDir, pool: Sequence[str], split: str, out_dir: Path, config: NoiseConfig
) -> Iterator[Noise]:
    num_samples = round(config.babble_duration * config.fs)
    numbers = range(config.num_babble.get(split, 0))
    for number in progress(numbers, desc=f"{split} babble", unit="file"):
        # A generator of its own: one babble does not depend on how many there are.
        rng = np.random.default_rng([config.seed, SPLITS.index(split), number])
        voices = [
            _string_together(speech, utt_ids, num_samples, config.fs, rng)
            for utt_ids in _draw_voices(speech.tables["utt2spk"], pool, config.num_voices, rng)
        ]
        wave = make_babble(voices, num_samples)
        yield _store(out_dir, f"babble-{split}-{number:05d}", "babble", split, wave, config.fs)


def _draw_voices(
    utt2spk: Mapping[str, str], pool: Sequence[str], num_voices: int, rng: np.random.Generator
) -> list[list[str]]:
    """For each voice, utterances of one speaker in random order; speakers differ if they can."""
    by_speaker: dict[str, list[str]] = {}
    for utt_id in pool:
        by_speaker.setdefault(utt2spk[utt_id], []).append(utt_id)
    speakers = [str(name) for name in rng.permutation(sorted(by_speaker))]
    shuffled = {name: [str(u) for u in rng.permutation(by_speaker[name])] for name in speakers}
    voices: list[list[str]] = []
    while len(voices) < num_voices:
        # A speaker met again begins one utterance later, so no two voices say the same.
        turn = len(voices) // len(speakers)
        name = speakers[len(voices) % len(speakers)]
        first = turn % len(shuffled[name])
        voices.append(shuffled[name][first:] + shuffled[name][:first])
    return voices


def _string_together(
    speech: DataDir, utt_ids: Sequence[str], num_samples: int, fs: int, rng: np.random.Generator
) -> np.ndarray:
    """Utterances one after another, from a random place of the first, until there is enough."""
    first = read_speech(speech, utt_ids[0], fs)
    pieces = [first[int(rng.integers(len(first))) :]]
    for utt_id in utt_ids[1:]:
        if sum(map(len, pieces)) >= num_samples:
            break
        pieces.append(read_speech(speech, utt_id, fs))
    return np.concatenate([*pieces, first])


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


def _hash(seed: int, text: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\t{text}".encode()).digest()[:8], "big")
