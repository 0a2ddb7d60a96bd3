"""A dump of tones in random order with their alignment: phones that a machine cannot confuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import Segment, write_data_dir

TONES_HZ = {"aa": 300.0, "ii": 1200.0, "uu": 3000.0, "ss": 6000.0}
FRAMES_PER_TONE = 4


def write_tone_dump(
    path: Path, num_utts: int, seed: int, *, silent: int = 0, blind: int = 0, ctm: bool = True
) -> None:
    """Write a dump of 16 x 16 clips whose brightness is the tone.

    Args:
        path: folder to make.
        num_utts: how many utterances of 3 to 6 tones.
        seed: of everything.
        silent: so many of the first utterances have no sound.
        blind: so many of the last ones have no video.
        ctm: write the alignment.
    """
    rng = np.random.default_rng(seed)
    path.mkdir(parents=True)
    names = ("wav.scp", "video.scp", "utt2spk", "utt2num_frames", "utt2num_samples")
    tables: dict[str, dict[str, str]] = {name: {} for name in names}
    segments = {}
    with ArkWriter(path / "wav.ark") as audio, ArkWriter(path / "video.ark") as video:
        for index in range(num_utts):
            utt = f"s{seed}-{index:03d}"
            tones = rng.choice(list(TONES_HZ), size=rng.integers(3, 7))
            segments[utt] = [
                Segment(i * FRAMES_PER_TONE / 25, FRAMES_PER_TONE / 25, str(name))
                for i, name in enumerate(tones)
            ]
            tables["utt2spk"][utt] = f"s{seed}"
            if index >= silent:
                wave = _wave(tones, rng)
                tables["wav.scp"][utt] = audio.write_audio(utt, wave, 16000)
                tables["utt2num_samples"][utt] = str(len(wave))
            if index < num_utts - blind:
                clip = _clip(tones, rng)
                tables["video.scp"][utt] = video.write_clip(utt, clip, "raw")
                tables["utt2num_frames"][utt] = str(len(clip))
    write_data_dir(path, tables, segments if ctm else None)


def _wave(names: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    time = np.arange(FRAMES_PER_TONE * 640) / 16000
    tones = [0.3 * np.sin(2 * np.pi * TONES_HZ[name] * time) for name in names]
    return np.concatenate(tones) + rng.normal(0, 0.003, len(names) * len(time))


def _clip(names: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    levels = {name: 50 + 50 * number for number, name in enumerate(TONES_HZ)}
    frames = np.repeat([levels[name] for name in names], FRAMES_PER_TONE)
    noise = rng.integers(0, 20, (len(frames), 16, 16))
    return (frames[:, None, None] + noise).astype(np.uint8)
