"""Test conditions: set, modalities, noise, missing video, and the folder of their results."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from espnet_av.data.dataset_config import Modalities
from espnet_av.data.missing_video import KINDS, MissingVideo
from espnet_av.data.noise_condition import NoiseCondition
from espnet_av.errors import ConfigError

CLEAN = "clean"
CTM = "ref.ctm"
"""Alignment of a set, beside features of its frames."""
CONTROL = "mfcc"
"""Features beside those of a model, which learned nothing."""
MODES: tuple[Modalities, ...] = get_args(Modalities)
_NOISE = re.compile(r"([A-Za-z0-9.-]+):([+-]?\d+(?:\.\d+)?)(?:dB)?")
_MISSING = re.compile(r"([a-z]+):(\d*\.?\d+)")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One cell of the test matrix."""

    set_name: str
    """Name of the test set (the last part of its dump folder)."""
    mode: Modalities
    """What the model gets: sound, lips or both."""
    noise: NoiseCondition | None = None
    """What is added to the sound; None = nothing."""
    missing_video: MissingVideo | None = None
    """What is taken from the video; None = nothing."""

    @property
    def noise_name(self) -> str:
        """`clean`, or category and level as on the command line: `babble:0`."""
        return CLEAN if self.noise is None else f"{self.noise.category}:{self.noise.snr_db:g}"

    @property
    def folder(self) -> Path:
        """Results relative to the decoding folder: `test/AV_babble_0dB_start_0.5`."""
        noise = f"{self.noise_name.replace(':', '_')}dB" if self.noise else CLEAN
        missing = f"_{self.missing_video}".replace(":", "_") if self.missing_video else ""
        return Path(self.set_name) / f"{self.mode}_{noise}{missing}"


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


def parse_missing_video(text: str) -> MissingVideo:
    """Read `kind:share`, as in `start:0.5`.

    Raises:
        ConfigError: the text is something else, or the share is 0 or above 1.
    """
    match = _MISSING.fullmatch(text)
    if match is None or match[1] not in KINDS:
        msg = (
            f"--missing_video {text}: expected 'kind:share' as in 'start:0.5', with a kind of "
            f"{', '.join(KINDS)}"
        )
        raise ConfigError(msg)
    if not 0 < float(match[2]) <= 1:
        msg = (
            f"--missing_video {text}: the share that is missing is above 0 and at most 1; nothing "
            "missing is decoded anyway"
        )
        raise ConfigError(msg)
    return MissingVideo(match[1], float(match[2]))  # type: ignore[arg-type]


def list_conditions(
    set_names: Sequence[str],
    modes: Sequence[str],
    noises: Sequence[str],
    sound_only: Collection[str] = (),
    missing_video: Sequence[str] = (),
    films_only: Collection[str] = (),
) -> list[Condition]:
    """Every cell to run: sets x modes x noises, but lips alone only once, as no noise reaches them.

    Of the modes with video, each cell comes once more for everything that is taken from it; but
    lips alone never lose whole utterances, of which nothing would be left.

    Args:
        set_names: test sets.
        modes: what the model gets.
        noises: see `parse_noise`.
        sound_only: sets without video, for which only mode A is listed.
        missing_video: see `parse_missing_video`.
        films_only: sets of full frames without sound: mode V alone, whatever the modes are.

    Raises:
        ConfigError: a mode, a noise or missing video is misspelt, or named twice, or there is no
            mode that video could be missing from.
    """
    for mode in modes:
        if mode not in MODES:
            msg = f"--modes {mode}: not a mode; choices: A (sound), V (lips), AV (both)"
            raise ConfigError(msg)
    if missing_video and set(modes) <= {"A"}:
        msg = (
            f"--missing_video {' '.join(missing_video)}: --modes {' '.join(modes)} has no video; "
            "add AV or leave --missing_video out"
        )
        raise ConfigError(msg)
    parsed = [parse_noise(noise) for noise in noises]
    losses = [None, *map(parse_missing_video, missing_video)]
    conditions = [
        Condition(set_name=set_name, mode=mode, noise=noise, missing_video=missing)  # type: ignore[arg-type]
        for set_name in set_names
        for mode in (["V"] if set_name in films_only else modes)
        for noise in ([None] if mode == "V" else parsed)
        for missing in ([None] if set_name in films_only else losses)
        if _exists(mode, missing, has_video=set_name not in sound_only)
    ]
    if len(set(conditions)) < len(conditions):
        twice = next(c for c in conditions if conditions.count(c) > 1)
        msg = f"{twice.folder}: asked for twice; name each set, mode, noise and missing video once"
        raise ConfigError(msg)
    return conditions


def _exists(mode: str, missing: MissingVideo | None, *, has_video: bool) -> bool:
    if mode == "A":
        return missing is None
    nothing_left = mode == "V" and missing is not None and missing.kind == "whole"
    return has_video and not nothing_left


def decode_again(folder: Path) -> str:
    """Cure of a damaged condition: its stage takes neither it nor itself for done then."""
    return (
        f"remove {folder} and {folder.parent.parent}/.done.decode, and run the decode stage (10) "
        "again"
    )
