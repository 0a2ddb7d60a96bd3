"""Which frames an item is: from exact times to whole numbers, and what has to be left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import numpy as np

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.abx.items import AbxItem, Time
from espnet_av.score.abx.options import AbxOptions, SliceName

TWICE = "the same as another item"
"""Of a line that stands there twice: it would be nearer to itself than to anything."""
_FAR = Fraction(9, 5)
"""Frames beyond the last item that make one doubt the rate: so many times what the rate gives."""
_SLACK_FRAMES = 2
"""By which frames may differ from a duration: windows need room at both ends."""
_SHOWN = 5
_MAX_DIGITS = 40


@dataclass(frozen=True)
class ItemSpans:
    """Items with their frames, in an order that does not depend on that of the file."""

    items: list[AbxItem]
    start: np.ndarray
    """(M,) int64."""
    end: np.ndarray
    """(M,) int64, behind the last frame."""
    dropped: list[tuple[AbxItem, str]]
    """What was left out, and why."""
    num_clipped: int
    """Items that ended one frame behind the file and lost it."""


def parse_rate(text: str) -> Fraction:
    """Read frames a second, as `50`, `49.95` or `16000/320`.

    Raises:
        ConfigError: it is no such number.
    """
    try:
        rate = Fraction(text if len(text) <= _MAX_DIGITS and "e" not in text.lower() else "0")
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 100_000:
        msg = f"--frame_hz {text}: expected frames a second, as in 50 or 16000/320"
        raise ConfigError(msg)
    return rate


def frame_span(onset: Time, offset: Time, rate: Fraction, name: SliceName) -> tuple[int, int]:
    """First frame, and that behind the last, of an item; the centre of frame i is at (i + .5) / r.

    `correct`: from ceil(onset r - .5) to floor(offset r - .5), both included. `zerospeech2021`
    takes the last as a Python end, and so loses it.
    """
    p, q = rate.numerator, rate.denominator
    low, high = 2 * onset.rate * q, 2 * offset.rate * q
    start = -((onset.rate * q - 2 * onset.ticks * p) // low)
    last = (2 * offset.ticks * p - offset.rate * q) // high
    return max(start, 0), last + (name == "correct")


def cut(
    items: Sequence[AbxItem], num_frames: Mapping[str, int], rate: Fraction, options: AbxOptions
) -> ItemSpans:
    """Find the frames of every item.

    Args:
        items: to find.
        num_frames: file -> its frames.
        rate: frames a second.
        options: slice, and the share of items that may be without a frame.

    Raises:
        DataDirError: the rate does not fit the files, an item lies beyond its file, or too many
            have no frame.
    """
    lacking = sorted({item.file for item in items} - num_frames.keys())
    if lacking:
        msg = (
            f"{next(i.where for i in items if i.file == lacking[0])}: {lacking[0]}: no features of "
            f"that name ({len(lacking)} of {len({item.file for item in items})} files lack them); "
            "#file is the name of a features file without its ending"
        )
        raise DataDirError(msg)
    ordered = sorted(items, key=_order)
    spans = [frame_span(item.onset, item.offset, rate, options.slice) for item in ordered]
    kept, dropped, num_clipped = [], [], 0
    seen = set()
    for item, (start, end) in zip(ordered, spans, strict=True):
        there = num_frames[item.file]
        if end > there + 1:
            raise DataDirError(_beyond(item, start, end, there, rate))
        key = (*_order(item), item.previous, item.following, item.speaker)
        if key in seen:
            dropped.append((item, TWICE))
        elif min(end, there) > start:
            seen.add(key)
            num_clipped += end == there + 1
            kept.append((item, start, min(end, there)))
        else:
            dropped.append((item, "no frame" if end <= start else "begins where the file ends"))
    _check_dropped(dropped, len(items), rate, options)
    chosen, starts, ends = zip(*kept, strict=True) if kept else ((), (), ())
    return ItemSpans(
        list(chosen),
        np.array(starts, dtype=np.int64),
        np.array(ends, dtype=np.int64),
        dropped,
        num_clipped,
    )


def _order(item: AbxItem) -> tuple[str, float, float, str]:
    onset, offset = item.onset, item.offset
    return item.file, onset.ticks / onset.rate, offset.ticks / offset.rate, item.phone


def check_rate(items: Sequence[AbxItem], num_frames: Mapping[str, int], rate: Fraction) -> None:
    """Check that files are about as long as their items say.

    Raises:
        DataDirError: most files have far too few frames, or far too many.
    """
    last: dict[str, float] = {}
    for item in items:
        last[item.file] = max(last.get(item.file, 0.0), item.offset.ticks / item.offset.rate)
    found = [num_frames[file] / seconds for file, seconds in last.items()]
    middle = median(found)
    slowest = float(rate) * (1 - 0.25)
    if slowest <= middle <= float(rate * _FAR):
        return
    file = min(last, key=lambda name: abs(num_frames[name] / last[name] - middle))
    msg = (
        f"--frame_hz {float(rate):g} does not fit the features: most files have about "
        f"{middle:.4g} frames for each second up to their last item ({file}: {num_frames[file]} "
        f"frames, the last item ends at {last[file]:.4g} s); give the rate of the features, or "
        "their --durations if items cover but a part of the files"
    )
    raise DataDirError(msg)


def check_durations(
    durations: Mapping[str, float], num_frames: Mapping[str, int], rate: Fraction, where: str
) -> None:
    """Check frames against durations.

    Args:
        durations: file -> seconds.
        num_frames: file -> frames.
        rate: frames a second.
        where: the durations are from, for the message.

    Raises:
        DataDirError: a file has none, or its frames do not fit.
    """
    for file, frames in num_frames.items():
        if file not in durations:
            msg = f"{where}: no duration of {file}; add it"
            raise DataDirError(msg)
        expected = durations[file] * float(rate)
        if abs(frames - expected) > _SLACK_FRAMES + 0.01 * expected:
            msg = (
                f"{file}: {frames} frames for {durations[file]:.4g} s ({where}), which is "
                f"{frames / durations[file]:.4g} a second, not --frame_hz {float(rate):g}; give "
                "the rate of the features, or make them again of the whole file"
            )
            raise DataDirError(msg)


def _beyond(item: AbxItem, start: int, end: int, there: int, rate: Fraction) -> str:
    return (
        f"{item.words}: frames {start} to {end - 1}, but {item.file} has {there} at "
        f"{float(rate):g} Hz, which is {there / float(rate):.4g} s; the features were cut short or "
        "have another rate, or the item is of another file (one frame too many is let pass)"
    )


def _check_dropped(
    dropped: Sequence[tuple[AbxItem, str]], total: int, rate: Fraction, options: AbxOptions
) -> None:
    if len(dropped) <= options.max_dropped * total:
        return
    shown = "\n".join(f"  {item.words}: {reason}" for item, reason in dropped[:_SHOWN])
    reasons = ", ".join(f"{n} {reason}" for reason, n in Counter(r for _, r in dropped).items())
    msg = (
        f"{len(dropped)} of {total} items cannot be used at {float(rate):g} frames a second with "
        f"slice {options.slice} ({reasons}), above max_dropped {options.max_dropped:g}; items "
        f"shorter than a frame: take longer ones (triphones); {TWICE}: keep one line of each "
        f"(awk '!seen[$0]++'); or raise --max_dropped:\n{shown}"
    )
    raise DataDirError(msg)
