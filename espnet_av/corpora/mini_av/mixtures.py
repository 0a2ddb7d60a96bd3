"""Two voices of `mini_av` at once: sound, and who speaks when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from espnet_av.atomic import atomic_path
from espnet_av.corpora.spoken import SILENCE
from espnet_av.data.data_dir import DataDir, write_data_dir
from espnet_av.data.rttm import format_turns
from espnet_av.data.table import Segment
from espnet_av.media.audio import read_audio
from espnet_av.rates import SAMPLE_RATE

_LEVEL_DB = (-5.0, 5.0)
"""Of the second voice beside the first."""
_OVERLAP = (0.2, 1.0)
"""Share of the shorter utterance that both speak in."""
_PEAK = 0.9
_SILENCE_SEC = 0.1
"""Pauses that are shorter are none."""


class Mixture(NamedTuple):
    """Which utterances are mixed, and how."""

    name: str
    first: str
    second: str
    overlap: float
    """Share of the shorter one."""
    gain: float
    """Of the second one."""


def plan_mixtures(data: DataDir, count: int, seed: int) -> Iterator[Mixture]:
    """Pairs of utterances of different speakers, the same ones for a seed.

    Args:
        data: a set with `utt2spk`, of two speakers at least.
        count: pairs.
        seed: of what is drawn.
    """
    rng, speakers = np.random.default_rng([seed, count]), data.tables["utt2spk"]
    for number in range(count):
        first = data.utt_ids[int(rng.integers(len(data.utt_ids)))]
        others = [u for u in data.utt_ids if speakers[u] != speakers[first]]
        second = others[int(rng.integers(len(others)))]
        gain = float(10 ** (rng.uniform(*_LEVEL_DB) / 20))
        yield Mixture(f"mix{number:05d}", first, second, float(rng.uniform(*_OVERLAP)), gain)


def write_mixtures(data: DataDir, count: int, seed: int, wav_dir: Path, out_dir: Path) -> int:
    """Write the sound of mixtures, and a data dir with `rttm`; returns how many there are.

    Args:
        data: a set with phones in `ctm`.
        count: mixtures.
        seed: of what is drawn.
        wav_dir: receives 16-bit files.
        out_dir: receives the data dir.
    """
    wav_dir.mkdir(parents=True, exist_ok=True)
    tables: dict[str, dict[str, str]] = {"wav.scp": {}, "utt2spk": {}, "rttm": {}}
    for mixture in plan_mixtures(data, count, seed):
        waves = [read_audio(str(data.locate("wav.scp", u))) for u in mixture[1:3]]
        shift = len(waves[0]) - round(mixture.overlap * min(map(len, waves)))
        path = wav_dir / f"{mixture.name}.wav"
        wave = mix_waves(waves[0], waves[1], shift, mixture.gain)
        with atomic_path(path) as temporary:
            soundfile.write(temporary, wave, SAMPLE_RATE, format="WAV", subtype="PCM_16")
        speakers = [data.tables["utt2spk"][u] for u in mixture[1:3]]
        talking = [(data.ctm[mixture.first], 0.0), (data.ctm[mixture.second], shift / SAMPLE_RATE)]
        turns = [
            turn
            for speaker, (phones, start) in zip(speakers, talking, strict=True)
            for turn in turns_of(phones, speaker, start)
        ]
        tables["wav.scp"][mixture.name] = str(path)
        tables["utt2spk"][mixture.name] = mixture.name
        tables["rttm"][mixture.name] = format_turns(turns)
    write_data_dir(out_dir, tables)
    return count


def mix_waves(first: np.ndarray, second: np.ndarray, shift: int, gain: float = 1.0) -> np.ndarray:
    """(S,) and (S',) float, the second `shift` samples later and `gain` times as loud -> their sum.

    It is at most 0.9 loud.
    """
    mixed = np.zeros(max(len(first), shift + len(second)))
    mixed[: len(first)] += first
    mixed[shift : shift + len(second)] += gain * second
    return mixed * min(1.0, _PEAK / max(float(np.abs(mixed).max()), 1e-9))


def turns_of(phones: Sequence[Segment], speaker: str, start: float = 0.0) -> list[Segment]:
    """Stretches of speech between silences, `start` seconds later."""
    turns: list[Segment] = []
    for phone in phones:
        if phone.label == SILENCE:
            continue
        begin, end = start + phone.start, start + phone.start + phone.duration
        if turns and begin - (turns[-1].start + turns[-1].duration) < _SILENCE_SEC:
            turns[-1] = turns[-1]._replace(duration=end - turns[-1].start)
        else:
            turns.append(Segment(begin, end - begin, speaker))
    return turns
