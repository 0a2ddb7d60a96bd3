"""Mouth clips per second: read from the dump, against decoding mp4 files.

Asserts that every way gives the same frames (exactly, or within the stated loss of its coding),
then prints times and ratios:

    python tools/benchmarks/bench_roi_reading.py --video_dir <GRID>/s1 --out <results>.md
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from page import heading, publish, version_line
from timing import p95

from espnet_av.data.ark import ArkWriter, read_clip
from espnet_av.media.video import read_video, write_video
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import extract_roi

CONFIG = RoiConfig(tracker="haar")


class Way(NamedTuple):
    """One way to get a mouth clip."""

    name: str
    read: Callable[[int], np.ndarray]
    """Number of the clip -> (V, H, W) uint8."""
    max_mean_error: float | None
    """Largest mean difference from the exact clip, in grey levels; None: no mouth clip at all."""


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(args.video_dir.glob("*.mp4"))[: args.num_clips]
        assert paths, f"{args.video_dir}: no mp4 file"
        exact = [extract_roi(path, CONFIG).frames for path in paths]
        ways = prepare(paths, exact, Path(folder))
        errors = [check(way, exact) for way in ways]
        seconds = measure(ways, len(paths), args.rounds)
        sizes = stored_kilobytes(Path(folder), paths)
    text = report(args, ways, errors, seconds, sizes)
    publish(text, args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--video_dir", type=Path, required=True, help="folder of face mp4 files")
    parser.add_argument("--num_clips", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3, help="passes over all clips, after one")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def prepare(paths: list[Path], exact: list[np.ndarray], folder: Path) -> list[Way]:
    """Store the clips in every form; the ways to read them back."""
    pointers: dict[str, list[str]] = {"raw": [], "jpeg": []}
    for encoding, found in pointers.items():
        with ArkWriter(folder / f"{encoding}.ark") as ark:
            for index, frames in enumerate(exact):
                name = ark.write_clip(f"u-{index}", frames, encoding)  # type: ignore[arg-type]
                found.append(str(folder / name))
    mouths = [folder / f"{index}.mp4" for index in range(len(paths))]
    for path, frames in zip(mouths, exact, strict=True):
        write_video(path, frames, 25)
    return [
        Way("dump, raw", lambda i: read_clip(pointers["raw"][i]), 0.0),
        Way("dump, jpeg (default)", lambda i: read_clip(pointers["jpeg"][i]), 1.0),
        Way("mouth mp4, cv2.VideoCapture to grey", lambda i: read_by_cv2(mouths[i]), 4.0),
        Way("mouth mp4, read_video (luma plane)", lambda i: read_video(mouths[i], gray=True), 4.0),
        Way("face mp4, cv2.VideoCapture to grey, no crop", lambda i: read_by_cv2(paths[i]), None),
        Way(
            "face mp4, read_video (luma plane), no crop",
            lambda i: read_video(paths[i], gray=True),
            None,
        ),
        Way("face mp4, track and crop", lambda i: extract_roi(paths[i], CONFIG).frames, 0.0),
    ]


def read_by_cv2(path: Path) -> np.ndarray:
    """The usual loop of lip-reading code: OpenCV's decoder, BGR to grey frame by frame."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        there, frame = capture.read()
        if not there:
            break
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
    capture.release()
    return np.stack(frames)


def check(way: Way, exact: list[np.ndarray]) -> tuple[float, int] | None:
    """Mean and largest difference from the exact clips, asserted to be within the way's loss."""
    if way.max_mean_error is None:
        lengths = [len(way.read(index)) for index in range(len(exact))]
        assert lengths == [len(frames) for frames in exact], f"{way.name}: frames are missing"
        return None
    differences = []
    for index, frames in enumerate(exact):
        found = way.read(index)
        assert found.shape == frames.shape, f"{way.name}: {found.shape}, not {frames.shape}"
        differences.append(np.abs(found.astype(int) - frames))
    mean = float(np.mean([difference.mean() for difference in differences]))
    largest = int(max(difference.max() for difference in differences))
    assert mean <= way.max_mean_error, f"{way.name}: mean error {mean:.2f}"
    assert way.max_mean_error > 0 or largest == 0, f"{way.name}: not exact"
    return mean, largest


def measure(ways: list[Way], num_clips: int, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each read; ways alternate, so that other load hits all alike."""
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    for turn in range(rounds + 1):
        for index in range(num_clips):
            for way in ways:
                start = time.process_time()
                way.read(index)
                if turn > 0:
                    seconds[way.name].append(time.process_time() - start)
    return seconds


def stored_kilobytes(folder: Path, paths: list[Path]) -> list[float]:
    """Kilobytes a clip of each way, in the order of `prepare`."""
    raw, jpeg = ((folder / f"{name}.ark").stat().st_size for name in ("raw", "jpeg"))
    mouth = sum(path.stat().st_size for path in folder.glob("*.mp4"))
    face = sum(path.stat().st_size for path in paths)
    return [size / len(paths) / 1024 for size in (raw, jpeg, mouth, mouth, face, face, face)]


def report(
    args: argparse.Namespace,
    ways: list[Way],
    errors: list[tuple[float, int] | None],
    seconds: dict[str, list[float]],
    sizes: list[float],
) -> str:
    """The results file: machine, command, table, versions."""
    base = statistics.mean(seconds["face mp4, cv2.VideoCapture to grey, no crop"])
    lines = [
        *heading("Reading mouth clips: the dump against mp4 files", "cpu"),
        f"{args.num_clips} clips of GRID (3 s, 75 frames of 360x288; mouths of 96x96), "
        f"{args.rounds} rounds after one to warm up, ways alternating. Times are CPU seconds of "
        "the process; cv2 decodes with the threads of its FFmpeg, PyAV with one. The difference "
        "is in grey levels from the clip that `track and crop` gives; the ratio compares clips/s "
        "with decoding the face mp4 by cv2.",
        "",
        "| way | kB | ms median | ms p95 | clips/s | ratio | mean difference | largest |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for way, error, size in zip(ways, errors, sizes, strict=True):
        times = seconds[way.name]
        mean = statistics.mean(times)
        lines.append(
            f"| {way.name} | {size:.0f} | {1e3 * statistics.median(times):.2f} "
            f"| {1e3 * p95(times):.2f} "
            f"| {1 / mean:,.0f} | **{base / mean:.1f}** | "
            + (f"{error[0]:.2f} | {error[1]} |" if error else "no crop | no crop |")
        )
    lines += ["", version_line(), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
