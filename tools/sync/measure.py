"""How far picture and sound are apart, as read from films whose true times are known.

Makes each film of `cases.py`, reads it whole and in a segment, finds the number of every picture
and the place of its sound, and writes a table by container into the README of the package:

    PYTHONPATH=.:test python tools/sync/measure.py --readme espnet_av/media/README.md
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from cases import SECONDS, Case, all_cases
from films import lag_ms, noise, write_film
from media_samples import frame_numbers

from espnet_av.atomic import atomic_write
from espnet_av.media.audio import read_audio
from espnet_av.media.video import read_video

_BEGIN, _END = "<!-- sync table: begin -->\n", "<!-- sync table: end -->\n"
_SEGMENT = (1.2, 3.0)
_NEAREST_SEC = 0.021
"""Half a frame at 23.976 frames/s. Where a film has no picture so near, as while it stands still,
nobody could show one in time."""
_GRID_SEC = 0.1
_WINDOW_SEC = 0.06


class Offsets(NamedTuple):
    """Milliseconds by which each picture is later (+) than the sound that is heard with it."""

    case: Case
    whole: np.ndarray
    segment: np.ndarray


def main() -> None:
    """Measure all films, print each, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readme", type=Path, help="page in which the table is replaced")
    args = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(all_cases()):
            found.append(measure(case, Path(folder) / f"{number}.{case.container}"))
            print(line(found[-1]), flush=True)
    table = report(found)
    print(table)
    if args.readme:
        page = args.readme.read_text(encoding="utf-8")
        head, rest = page.split(_BEGIN)
        with atomic_write(args.readme) as stream:
            stream.write(head + _BEGIN + table + _END + rest.split(_END)[1])


def measure(case: Case, path: Path) -> Offsets:
    """Make a film and read it whole and in a segment."""
    sound = write_film(
        path,
        seconds=SECONDS,
        rate=case.rate,
        codecs=case.codecs,
        fs=case.fs,
        picture_stamp=case.picture_stamp,
        sound_stamp=case.sound_stamp,
        options=case.options,
        b_frames=case.b_frames,
        # Several pictures in a packet of a program stream, which is for larger ones, share a stamp.
        grain=60 if case.container == "mpg" else 0,
    )
    assert len(sound) == len(noise(SECONDS))
    parts = [offsets_ms(case, path, sound, *span) for span in ((0.0, None), _SEGMENT)]
    path.unlink()
    return Offsets(case, *parts)


def offsets_ms(
    case: Case, path: Path, sound: np.ndarray, start: float, end: float | None
) -> np.ndarray:
    """One offset for each output frame for which there is a picture, and sound with it."""
    numbers = np.array(frame_numbers(read_video(path, start=start, end=end, gray=True)))
    wave = read_audio(path, start=start, end=end)
    outputs = start + np.arange(len(numbers)) / 25
    meant = picture_times(case)
    zero = float(np.median(meant[numbers] - outputs))
    picture_error = outputs - (meant[numbers] - zero)
    places, sound_error = sound_errors(case, wave, sound, start, zero)
    heard = np.interp(outputs, places, sound_error) if len(places) else np.full(len(outputs), 1e3)
    near = distance(outputs, places) < 0.2
    possible = distance(outputs + zero - heard, meant[~np.isnan(meant)]) <= _NEAREST_SEC
    return (1e3 * (heard - picture_error))[near & possible]


def picture_times(case: Case) -> np.ndarray:
    """Second at which each picture is meant to be shown; those left out are nowhere."""
    times = [number / float(case.rate) for number in range(round(SECONDS * case.rate))]
    stamps = [case.picture_stamp(time) for time in times]
    return np.array([np.nan if stamp is None else stamp for stamp in stamps])


def distance(times: np.ndarray, others: np.ndarray) -> np.ndarray:
    """From each time to the nearest of the others."""
    return np.array([np.abs(others - time).min(initial=1e3) for time in times])


def sound_errors(
    case: Case, wave: np.ndarray, sound: np.ndarray, start: float, zero: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where pieces of the sound are heard, and how much later than they are meant to be."""
    places, errors = [], []
    for second in np.arange(0.1, SECONDS - 0.2, _GRID_SEC):
        begin, end = case.sound_stamp(second), case.sound_stamp(second + _WINDOW_SEC)
        if begin is None or end is None or abs(end - begin - _WINDOW_SEC) > 1e-3:
            continue
        place = begin - zero
        first = round((place - start - second) * 16000)
        if place - start < 0.05 or (place - start + 0.2) * 16000 > len(wave):
            continue
        if not any(case.sound_stamp(second + step) is None for step in (-0.03, 0.09)):
            moved = wave[first:] if first >= 0 else np.pad(wave, (-first, 0))
            lag = lag_ms(moved, second, sound, reach=0.1, size=_WINDOW_SEC)
            places.append(place)
            errors.append(lag / 1e3 + (first / 16000 - (place - start - second)))
    return np.array(places), np.array(errors)


def line(found: Offsets) -> str:
    """One film in words."""
    case, ms = found.case, np.concatenate([found.whole, found.segment])
    return (
        f"{case.container:5} {'/'.join(case.codecs):22} {case.fs} {float(case.rate):6.2f} "
        f"{case.what:24} frames {len(ms):4} median {np.median(ms):+6.1f} "
        f"worst {ms[np.abs(ms).argmax()]:+6.1f}"
    )


def report(found: list[Offsets]) -> str:
    """The table by container."""
    by_container: dict[str, list[Offsets]] = defaultdict(list)
    for item in found:
        by_container[item.case.container].append(item)
    lines = [
        f"{len(found)} films; milliseconds between each picture and the sound heard with it, read "
        "whole and in a segment; `25 fps` are the films of that rate, where no picture need be "
        f"moved. Made by `PYTHONPATH=.:test python {' '.join(sys.argv)}`.",
        "",
        "| container | films | median | worst | segment: median | worst | 25 fps: median | worst |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for container, items in [*by_container.items(), ("all", found)]:
        at_25 = [item for item in items if item.case.rate == 25]
        cells = [
            figures([item.whole for item in items]),
            figures([item.segment for item in items]),
            figures([part for item in at_25 for part in (item.whole, item.segment)]),
        ]
        lines.append(f"| {container} | {len(items)} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def figures(parts: list[np.ndarray]) -> str:
    """Median of the films' medians, and the worst single picture, regardless of the sign."""
    medians = [abs(float(np.median(part))) for part in parts]
    worst = max(float(np.abs(part).max()) for part in parts)
    return f"{np.median(medians):.1f} | {worst:.1f}"


if __name__ == "__main__":
    main()
