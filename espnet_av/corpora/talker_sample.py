"""Choosing some hours of a corpus by its speakers, and writing down what was chosen."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from espnet_av.atomic import atomic_write
from espnet_av.corpora.clip import Clip
from espnet_av.errors import ConfigError
from espnet_av.fingerprint import number_of

_HOUR = 3600.0
_ENOUGH = 0.99
"""Share of the hours that were asked for."""


def sample_talkers(
    clips: Sequence[Clip], hours: float | None, hours_per_talker: float | None, seed: int
) -> list[Clip]:
    """Clips as `draw_talkers` draws them.

    Raises:
        ConfigError: there is not as much, which is told.
    """
    taken = draw_talkers(clips, hours, hours_per_talker, seed)
    there = sum(clip.seconds for clip in taken) / _HOUR
    if hours is not None and there < _ENOUGH * hours:
        msg = f"{there:.2f} hours are there, {hours:g} are asked for"
        msg += "" if hours_per_talker is None else f", {hours_per_talker:g} of a speaker at most"
        msg += "; ask for fewer, or fetch more of the corpus"
        raise ConfigError(msg)
    return taken


def draw_talkers(
    clips: Sequence[Clip], hours: float | None, hours_per_talker: float | None, seed: int
) -> list[Clip]:
    """Clips of whole speakers in random order until there are enough hours.

    Of a speaker who has more than `hours_per_talker`, as many clips are drawn. The last speaker
    gives as much as is needed. The order depends on the seed and the names alone: a speaker who is
    missing from a copy moves no other.

    Args:
        clips: of all speakers, surveyed.
        hours: how much; None: all.
        hours_per_talker: how much of each at most; None: all.
        seed: of both draws.
    """
    by_talker: dict[str, list[Clip]] = {}
    for clip in clips:
        by_talker.setdefault(clip.speaker, []).append(clip)
    taken: list[Clip] = []
    left = float("inf") if hours is None else hours * _HOUR
    for talker in sorted(by_talker, key=lambda name: number_of(f"{seed} {name}")):
        most = min(left, float("inf") if hours_per_talker is None else hours_per_talker * _HOUR)
        own = _draw(by_talker[talker], most, f"{seed} {talker}")
        taken += own
        left -= sum(clip.seconds for clip in own)
        if left <= 0:
            break
    return sorted(taken, key=lambda clip: clip.utt_id)


def deal_talkers(clips: Sequence[Clip], parts: int) -> list[list[Clip]]:
    """Whole speakers dealt into parts of about as many hours each, the longest first."""
    by_talker: dict[str, list[Clip]] = {}
    for clip in clips:
        by_talker.setdefault(clip.speaker, []).append(clip)
    seconds = {talker: sum(clip.seconds for clip in own) for talker, own in by_talker.items()}
    dealt: list[list[Clip]] = [[] for _ in range(parts)]
    totals = [0.0] * parts
    for talker in sorted(by_talker, key=lambda name: (-seconds[name], name)):
        part = totals.index(min(totals))
        dealt[part] += by_talker[talker]
        totals[part] += seconds[talker]
    return dealt


def _draw(clips: Sequence[Clip], seconds: float, seed: str) -> list[Clip]:
    """Clips until there are enough seconds."""
    if sum(clip.seconds for clip in clips) <= seconds:
        return list(clips)
    drawn, total = [], 0.0
    for clip in random.Random(seed).sample(clips, len(clips)):
        if total >= seconds:
            break
        drawn.append(clip)
        total += clip.seconds
    return drawn


def write_talkers(path: Path, clips: Sequence[Clip], options: Mapping[str, object]) -> None:
    """Write speakers, clips and hours of what was chosen, and how it was."""
    counts: dict[str, list[float]] = {}
    for clip in clips:
        counts.setdefault(clip.speaker, []).append(clip.seconds)
    with atomic_write(path) as stream:
        told = ", ".join(f"{name} {value}" for name, value in options.items())
        stream.write(f"# {told}\nspeaker\tclips\thours\n")
        for speaker, seconds in sorted(counts.items()):
            stream.write(f"{speaker}\t{len(seconds)}\t{sum(seconds) / _HOUR:.4f}\n")
