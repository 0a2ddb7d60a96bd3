"""Test conditions: which set, which modalities, which noise, and the folder of their results."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from espnet_av.data.dataset import NoiseCondition
from espnet_av.data.dataset_config import Modalities
from espnet_av.errors import ConfigError

CLEAN = "clean"
MODES: tuple[Modalities, ...] = get_args(Modalities)
_NOISE = re.compile(r"([A-Za-z0-9.-]+):([+-]?\d+(?:\.\d+)?)(?:dB)?")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One cell of the test matrix."""

    set_name: str
    """Name of the test set (the last part of its dump folder)."""
    mode: Modalities
    """What the model gets: sound, lips or both."""
    noise: NoiseCondition | None = None
    """What is added to the sound; None = nothing."""

    @property
    def noise_name(self) -> str:
        """`clean`, or category and level as on the command line: `babble:0`."""
        return CLEAN if self.noise is None else f"{self.noise.category}:{self.noise.snr_db:g}"

    @property
    def folder(self) -> Path:
        """Results relative to the decoding folder: `test/AV_babble_0dB`."""
        noise = f"{self.noise_name.replace(':', '_')}dB" if self.noise else CLEAN
        return Path(self.set_name) / f"{self.mode}_{noise}"


def parse_noise(text: str) -> NoiseCondition | None:
    """Read `clean` or `category:level`, as in `babble:-5` (decibels).

    Raises:
        ConfigError: the text is neither.
    """
    if text == CLEAN:
        return None
    match = _NOISE.fullmatch(text)
    if match is None:
        msg = f"--noises {text}: expected 'clean' or 'category:dB' as in 'babble:-5'"
        raise ConfigError(msg)
    return NoiseCondition(match[1], float(match[2]))


def list_conditions(
    set_names: Sequence[str],
    modes: Sequence[str],
    noises: Sequence[str],
    sound_only: Collection[str] = (),
) -> list[Condition]:
    """Every cell to run: sets x modes x noises, but lips alone only once, as no noise reaches them.

    Args:
        set_names: test sets.
        modes: what the model gets.
        noises: see `parse_noise`.
        sound_only: sets without video, for which only mode A is listed.

    Raises:
        ConfigError: a mode or a noise is misspelt, or a set or noise is named twice.
    """
    for mode in modes:
        if mode not in MODES:
            msg = f"--modes {mode}: not a mode; choices: A (sound), V (lips), AV (both)"
            raise ConfigError(msg)
    parsed = [parse_noise(noise) for noise in noises]
    conditions = [
        Condition(set_name=set_name, mode=mode, noise=noise)  # type: ignore[arg-type]
        for set_name in set_names
        for mode in modes
        for noise in ([None] if mode == "V" else parsed)
        if mode == "A" or set_name not in sound_only
    ]
    if len(set(conditions)) < len(conditions):
        twice = next(c for c in conditions if conditions.count(c) > 1)
        msg = f"{twice.folder}: asked for twice; name each set, mode and noise once"
        raise ConfigError(msg)
    return conditions
