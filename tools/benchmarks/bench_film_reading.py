"""Films for training: archives of JPEGs against mp4 files, and against archives of short groups.

Each way gives the same clips: 16 frames spread over a film, the middle square, 224 pixels. Asserts
that they are the same pictures within the error of the codec, then prints clips a second, bytes and
PSNR:

    python tools/benchmarks/bench_film_reading.py --film_dir <folder of mp4 files> --out <page>.md
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from film_ways import (
    FROM_FILES,
    GROUP,
    Frames,
    from_groups,
    from_jpegs,
    make_groups,
    make_jpegs,
    read_whole,
)
from page import heading, publish, version_line
from timing import p95

from espnet_av.data.ark import ArkWriter
from espnet_av.data.readers.film_augment import cut_and_resize, middle_square
from espnet_av.media.video import write_video

FRAMES, SIZE = 16, 224
LEAST_PSNR = 30.0
"""Decibels, of the pictures of two ways: JPEG of quality 95 and the conversions of colour."""
QUALITIES = (18, 23)
"""CRF of the short groups."""


class Way(NamedTuple):
    """A way to read, of every film."""

    read: Callable[[int, Sequence[int]], Frames]
    """Film by number, frames."""
    bytes_per_sec: float
    psnr: float
    """Of whole stored frames against those of the source."""


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    cv2.setNumThreads(1)
    title = "Films for training: archives of JPEGs, of short groups, mp4 files"
    lines = heading(title, "cpu", 1)
    for joined in args.joined:
        lines += compare(args, joined)
    publish("\n".join([*lines, f"{version_line()}, {torchcodec_version()}", ""]), args.out)


def compare(args: argparse.Namespace, joined: int) -> list[str]:
    """One table, of films of so many files each."""
    with tempfile.TemporaryDirectory() as folder:
        films = make_films(args, joined, Path(folder))
        pictures = [read_whole(path) for path in films]
        ways = make_ways(films, pictures, Path(folder))
        numbers = [
            ((np.arange(FRAMES) + 0.5) * len(frames) / FRAMES).astype(int).tolist()
            for frames, _ in pictures
        ]
        worst = check_equal(ways, numbers)
        times = measure(ways, numbers, args.rounds)
        seconds = statistics.mean(len(frames) / rate for frames, rate in pictures)
        size, rate = pictures[0][0][0].shape[1::-1], pictures[0][1]
    about = f"{len(films)} films of {seconds:.1f} s, {size[0]}x{size[1]}, H.264 at {rate:g} Hz"
    return report(about, ways, times, worst)


def torchcodec_version() -> str:
    """It is no package of this project."""
    try:
        return f"torchcodec {version('torchcodec')}"
    except PackageNotFoundError:
        return "torchcodec is not installed"


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--film_dir", type=Path, required=True, help="folder of mp4 files")
    parser.add_argument("--num_films", type=int, default=6)
    parser.add_argument(
        "--joined", type=int, nargs="+", default=[1, 3], help="files that make one film"
    )
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", type=Path, help="results file to write")
    return parser.parse_args()


def make_films(args: argparse.Namespace, joined: int, folder: Path) -> list[Path]:
    """The files, or several joined to one."""
    files = sorted(args.film_dir.glob("*.mp4"))[: args.num_films * joined]
    assert len(files) == args.num_films * joined, f"{args.film_dir}: too few mp4 files"
    if joined == 1:
        return files
    films = []
    for number in range(args.num_films):
        parts = [read_whole(path) for path in files[number * joined :][:joined]]
        films.append(folder / f"{number}.mp4")
        whole = np.concatenate([np.stack(frames) for frames, _ in parts])
        write_video(films[-1], whole, parts[0][1])
    return films


def make_ways(
    films: Sequence[Path], pictures: Sequence[tuple[Frames, float]], folder: Path
) -> dict[str, Way]:
    """Every way that runs here, the archive of JPEGs first."""
    seconds = sum(len(frames) / rate for frames, rate in pictures)
    with ArkWriter(folder / "film.ark") as ark:
        payloads = [make_jpegs(*film) for film in pictures]
        pointers = [str(folder / ark.write_film(str(n), p, 1.0)) for n, p in enumerate(payloads)]
    size = sum(map(len, payloads)) / seconds
    ways = {"archive, JPEG": Way(lambda n, k: from_jpegs(pointers[n], k), size, 0.0)}
    for crf in QUALITIES:
        stored = [make_groups(*film, crf) for film in pictures]
        size = sum(map(len, stored)) / seconds
        name = f"archive, H.264, groups of {GROUP}, crf {crf}"
        ways[name] = Way(lambda n, k, stored=stored: from_groups(stored[n], k), size, 0.0)
    size = sum(path.stat().st_size for path in films) / seconds
    for name, read in FROM_FILES.items():
        if name.endswith("torchcodec") and importlib.util.find_spec("torchcodec") is None:
            continue
        ways[name] = Way(lambda n, k, read=read: read(str(films[n]), k), size, 0.0)
    return {name: way._replace(psnr=_stored_psnr(way, pictures)) for name, way in ways.items()}


def _stored_psnr(way: Way, pictures: Sequence[tuple[Frames, float]]) -> float:
    """Of some whole frames, in the size in which they are stored."""
    values = []
    for film, (frames, _) in enumerate(pictures):
        numbers = list(range(0, len(frames), 10))
        for number, found in zip(numbers, way.read(film, numbers), strict=True):
            height, width = found.shape[:2]
            source = cv2.resize(frames[number], (width, height), interpolation=cv2.INTER_AREA)
            values.append(psnr(found, source))
    return statistics.mean(values)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Decibels; those of equal pictures count as 99."""
    error = float(np.square(one.astype(np.float32) - other).mean())
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def clip_of(frames: Frames) -> np.ndarray:
    """(F, 224, 224, 3): what a model of films gets."""
    return cut_and_resize(frames, middle_square(*frames[0].shape[:2]), SIZE, False)


def check_equal(ways: dict[str, Way], numbers: Sequence[Sequence[int]]) -> float:
    """The lowest PSNR between clips of the first way and those of another."""
    first, *others = ways.values()
    worst = 99.0
    for film, wanted in enumerate(numbers):
        ours = clip_of(first.read(film, wanted))
        for way in others:
            worst = min(worst, psnr(ours, clip_of(way.read(film, wanted)).astype(np.float32)))
    assert worst >= LEAST_PSNR, f"pictures differ: PSNR {worst:.1f} dB"
    return worst


def measure(
    ways: dict[str, Way], numbers: Sequence[Sequence[int]], rounds: int
) -> dict[str, list[float]]:
    """CPU seconds of every clip, the ways in turn."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for film, wanted in enumerate(numbers):
            for name, way in ways.items():
                begin = time.process_time()
                clip_of(way.read(film, wanted))
                times[name].append(time.process_time() - begin)
    return times


def report(
    about: str, ways: dict[str, Way], times: dict[str, list[float]], worst: float
) -> list[str]:
    """What was read, and the table."""
    ours = statistics.mean(times["archive, JPEG"])
    lines = [
        f"{about}. A clip is {FRAMES} frames spread over the film, their middle square in "
        f"{SIZE}x{SIZE}, ready for a model. Clips of every way are those of the archive of JPEGs: "
        f"PSNR at least {worst:.1f} dB. Clips a second are of one core, by CPU seconds; the PSNR "
        "of a way is that of what it stores against the frames of the file, in the same size.",
        "",
        "| way | clips/s | median ms | p95 ms | archive of JPEGs is faster by | kB/s of film "
        "| PSNR dB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, way in ways.items():
        seconds = times[name]
        mean = statistics.mean(seconds)
        lines.append(
            f"| {name} | {1 / mean:.1f} | {1e3 * statistics.median(seconds):.1f} "
            f"| {1e3 * p95(seconds):.1f} | **{mean / ours:.1f}** "
            f"| {way.bytes_per_sec / 1000:.0f} | {way.psnr:.1f} |"
        )
    return [*lines, ""]


if __name__ == "__main__":
    main()
