"""Babble: which voices a split may use, and several of them strung together and averaged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from espnet_av.data.ark import read_audio_ark
from espnet_av.data.data_dir import DataDir
from espnet_av.data.noise_bank import make_babble
from espnet_av.data.table import is_ark_pointer
from espnet_av.errors import DataDirError, MediaError
from espnet_av.fingerprint import number_of
from espnet_av.media.audio import read_audio
from espnet_av.noise.config import NoiseConfig

SPLITS = ("train", "valid", "test")
HELD_OUT_SHARE = 0.1
"""Share of the voices, and of the files of a noise corpus, for validation, and for test."""


def split_voices(
    speech: DataDir, config: NoiseConfig, splits: Collection[str] = SPLITS
) -> dict[str, list[str]]:
    """Divide utterances with sound among the splits: 80/10/10 %, but enough for a babble each.

    Whole speakers are divided where there are enough of them for a babble in each split. With
    `min_voices_per_lang` each language is divided so by itself.

    Args:
        speech: data dir or dump.
        config: how many voices are needed.
        splits: those to divide among; one without babbles gets nothing.

    Raises:
        DataDirError: too few utterances with sound.
    """
    wanted = [split for split in reversed(SPLITS) if split in splits and config.num_babble[split]]
    pools: dict[str, list[str]] = {split: [] for split in wanted}
    for name, utt_ids in by_language(speech, config).items():
        needed = config.min_voices_per_lang or config.num_voices
        groups = _groups(speech, utt_ids, name, needed, len(wanted))
        groups.sort(key=lambda group: hash64(config.seed, group[0]))
        held_out = max(needed, int(HELD_OUT_SHARE * len(groups)))
        for place, split in enumerate(wanted):
            size = len(groups) if place == len(wanted) - 1 else held_out
            pools[split] += [utt_id for group in groups[:size] for utt_id in group]
            groups = groups[size:]
    return pools


def by_language(speech: DataDir, config: NoiseConfig) -> dict[str, list[str]]:
    """Utterances with sound, by language if babbles need voices of each; else all under `all`.

    Raises:
        DataDirError: languages are needed, and there is no `utt2lang`.
    """
    utt_ids = [u for u in speech.utt_ids if speech.get("wav.scp", speech.recording(u)[0])]
    if not config.min_voices_per_lang:
        return {"all": utt_ids}
    if "utt2lang" not in speech.tables:
        msg = f"{speech.path}/utt2lang: no such file; set min_voices_per_lang: 0 or add it"
        raise DataDirError(msg)
    found: dict[str, list[str]] = {}
    for utt_id in utt_ids:
        found.setdefault(speech.tables["utt2lang"][utt_id], []).append(utt_id)
    return found


def babble(
    speech: DataDir, pool: Sequence[str], config: NoiseConfig, rng: np.random.Generator
) -> np.ndarray:
    """Mean of `num_voices` voices of a pool: (S,) float32 at `config.fs`."""
    num_samples = round(config.babble_duration * config.fs)
    return make_babble(
        [
            _string_together(speech, utt_ids, num_samples, config.fs, rng)
            for utt_ids in draw_voices(speech, pool, config, rng)
        ],
        num_samples,
    )


def draw_voices(
    speech: DataDir, pool: Sequence[str], config: NoiseConfig, rng: np.random.Generator
) -> list[list[str]]:
    """For each voice, utterances of one speaker in random order; speakers differ if they can.

    With `min_voices_per_lang` the languages take turns, in random order, so that each has as many
    voices as another or one fewer.

    Raises:
        DataDirError: more languages than voices allow.
    """
    by_lang: dict[str, list[str]] = {}
    for utt_id in pool:
        lang = speech.tables["utt2lang"][utt_id] if config.min_voices_per_lang else "all"
        by_lang.setdefault(lang, []).append(utt_id)
    parts = [by_lang[lang] for lang in sorted(by_lang)]
    if len(parts) * config.min_voices_per_lang > config.num_voices:
        msg = (
            f"{speech.path}: {len(parts)} languages x min_voices_per_lang "
            f"{config.min_voices_per_lang} are more than num_voices {config.num_voices}; raise it"
        )
        raise DataDirError(msg)
    order = rng.permutation(len(parts)) if len(parts) > 1 else np.arange(1)
    share, rest = divmod(config.num_voices, len(parts))
    voices: list[list[str]] = []
    for place, index in enumerate(order):
        count = share + (place < rest)
        voices += _voices(speech.tables["utt2spk"], parts[int(index)], count, rng)
    return voices


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
    wave, rate = read_audio_ark(path, name)
    if rate != fs:
        msg = f"{path}: archive at {rate} Hz, noises are wanted at {fs} Hz; set fs in noise.yaml"
        raise MediaError(msg)
    return wave


def hash64(seed: int, text: str) -> int:
    """A number in [0, 2 ** 64) that depends on seed and text alone."""
    return number_of(f"{seed}\t{text}")


def _groups(
    speech: DataDir, utt_ids: Sequence[str], name: str, needed: int, num_splits: int
) -> list[list[str]]:
    """The utterances of each speaker; single ones where there are too few speakers."""
    by_speaker: dict[str, list[str]] = {}
    for utt_id in utt_ids:
        by_speaker.setdefault(speech.tables["utt2spk"][utt_id], []).append(utt_id)
    groups = list(by_speaker.values())
    if len(groups) < num_splits * needed:
        groups = [[utt_id] for utt_id in utt_ids]
    if len(groups) < num_splits * needed:
        what = "" if name == "all" else f" in '{name}'"
        cure = "num_voices" if name == "all" else "min_voices_per_lang"
        msg = (
            f"{speech.path}: {len(groups)} utterances with sound{what}; babble of {needed} voices "
            f"in {num_splits} splits needs {num_splits * needed}; lower {cure}, or set a split's "
            "num_babble to 0"
        )
        raise DataDirError(msg)
    return groups


def _voices(
    utt2spk: Mapping[str, str], pool: Sequence[str], num_voices: int, rng: np.random.Generator
) -> list[list[str]]:
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
