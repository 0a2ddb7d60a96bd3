"""A large data dir: reading it, against one dictionary a table; and how all work on it grows.

Writes data dirs, asserts that the tables are those of the dictionaries, then prints the seconds and
the bytes an utterance of both at the first size; and of what a training and a decoding do with
every utterance, at each size, with the slopes between the last two (1: linear):

    python tools/benchmarks/bench_data_dir.py --num_utts 10000 100000 1000000
"""

import argparse
import gc
import json
import math
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from page import heading, publish, version_line

from espnet_av.data.batch_plan import plan_batches
from espnet_av.data.data_dir import DataDir, read_data_dir, validate
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.sampler import BucketBatchSampler
from espnet_av.data.shard import cut
from espnet_av.data.table import parse_table
from espnet_av.predict.run import DecodeJob, unfinished
from espnet_av.search.decode_config import DecodeConfig

TABLES: dict[str, Callable[[int], object]] = {
    "wav.scp": lambda n: f"audio.{n // 128 + 1:06d}.ark:{n % 128 * 30000}",
    "video.scp": lambda n: f"video.{n // 128 + 1:06d}.ark:{n % 128 * 150000}",
    "utt2spk": lambda n: f"spk{n // 300:05d}",
    "utt2lang": lambda n: "en",
    "text": lambda n: f"some words of utterance number {n} here",
    "utt2num_frames": lambda n: 75 + n * 7919 % 50,
}
MODES = ("A", "V", "AV")
MISSING = ("frames:0.25", "frames:0.5", "start:0.5", "middle:0.5", "end:0.5")
NUM_JOBS = 4
"""One of so many gets a share of 13 conditions, and of the shards."""
Figures = dict[str, tuple[float, float]]
"""Step -> seconds, or bytes held and bytes at most."""


def main() -> None:
    """Run the comparison and print (or write) its tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_utts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.measure, args.folder)))
        return
    sizes: dict[int, tuple[Figures, Figures]] = {}
    for num_utts in args.num_utts:
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root) / "test"
            write(folder, num_utts)
            if not sizes:
                assert read_data_dir(folder).tables == by_dictionaries(folder).tables
                dictionaries = alone("dictionaries", folder), alone("dictionaries:memory", folder)
            sizes[num_utts] = alone("steps", folder), alone("steps:memory", folder)
    publish(report(dictionaries, sizes), args.out)


def write(folder: Path, num_utts: int) -> None:
    """A data dir like a dump, and beside it an experiment with weights."""
    for path in (folder, folder.parent / "exp"):
        path.mkdir()
    (folder.parent / "exp/model.pth").write_bytes(b"weights")
    (folder / ".done").touch()
    for name, value in TABLES.items():
        lines = (f"spk{n // 300:05d}-{n:08d} {value(n)}\n" for n in range(num_utts))
        (folder / name).write_text("".join(lines), encoding="utf-8")


def by_dictionaries(folder: Path) -> DataDir:
    """The same as one dictionary a table, and checked."""
    data = DataDir(folder, {name: parse_table(folder / name)[0] for name in TABLES})
    assert not validate(data)
    return data


def alone(what: str, folder: Path) -> Figures:
    """Figures of a process of its own."""
    command = [sys.executable, __file__, "--measure", what, "--folder", str(folder)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: (first, second) for name, (first, second) in json.loads(told).items()}


def measure(what: str, folder: Path) -> Figures:
    """Of each step its seconds; or (`:memory`) the bytes that it leaves behind, and its peak."""
    kind, _, memory = what.partition(":")
    if kind == "dictionaries":
        steps: dict[str, Callable[[], Any]] = {"read": lambda: by_dictionaries(folder)}
    else:
        steps = steps_of(folder)
    figures: Figures = {}
    held: list[Any] = []
    if memory:
        tracemalloc.start()
    for name, step in steps.items():
        gc.collect()
        before = tracemalloc.get_traced_memory()[0] if memory else 0
        if memory:
            tracemalloc.reset_peak()
        start = time.process_time()
        held.append(step())
        seconds = time.process_time() - start
        if memory:
            gc.collect()
            after, peak = tracemalloc.get_traced_memory()
            figures[name] = (after - before, peak - before)
        else:
            figures[name] = (seconds, 0)
    return figures


def steps_of(folder: Path) -> dict[str, Callable[[], Any]]:
    """What a training and a decoding do with all utterances; later ones use the earlier ones."""
    made: dict[str, Any] = {}

    def keep(name: str, value: Any) -> Any:
        return made.setdefault(name, value)

    options = argparse.Namespace(
        exp_dir=folder.parent / "exp",
        checkpoint="model.pth",
        sets=[folder],
        modes=MODES,
        noises=("clean",),
        missing_video=MISSING,
        job=1,
        num_jobs=NUM_JOBS,
        out_dir=folder.parent / "decode",
        kind=None,
        layers=(),
        seed=0,
    )
    config = DecodeConfig()
    return {
        "read": lambda: keep("data", read_data_dir(folder)),
        "training set (reads it too)": lambda: keep(
            "set", AVDataset(folder, None, DatasetConfig(), train=True)
        ),
        "lengths": lambda: keep("lengths", made["set"].num_frames),
        "sampler": lambda: keep(
            "sampler", BucketBatchSampler(made["lengths"], 2000, 64, world_size=8)
        ),
        "batches of an epoch, 1 of 8 processes": lambda: made["sampler"].batches(0),
        "batches of a decoding": lambda: plan_batches(made["lengths"], config.batch_frames),
        f"conditions of 1 of {NUM_JOBS} decoding jobs (reads it too)": lambda: unfinished(
            DecodeJob(options, config)
        ),
        f"shards of 1 of {NUM_JOBS} jobs": lambda: cut(
            made["data"].utt_ids, 128, lambda number, part: (number, part)
        )[::NUM_JOBS],
    }


def report(dictionaries: tuple[Figures, Figures], sizes: dict[int, tuple[Figures, Figures]]) -> str:
    """The page."""
    (first, (times, sums)), *_ = sizes.items()
    (slow, _), (large, _) = dictionaries[0]["read"], dictionaries[1]["read"]
    (fast, _), (small, _) = times["read"], sums["read"]
    lines = [
        *heading(f"Data dirs of {' '.join(map(str, sizes))} utterances", "cpu", 1),
        f"Reading {first} utterances, {len(TABLES)} tables:",
        "",
        "| tables | s | of it | bytes an utterance |",
        "|---|--:|--:|--:|",
        f"| dictionaries | {slow:.2f} | 1.00 | {large / first:.0f} |",
        f"| columns | {fast:.2f} | {fast / slow:.2f} | {small / first:.0f} |",
        "",
        "Seconds of the processor, and the slope between the last two sizes (1: linear):",
        "",
        *grown({n: {k: s for k, (s, _) in t.items()} for n, (t, _) in sizes.items()}, "{:.2f}"),
        "",
        "Bytes an utterance that are held afterwards, and (in brackets) at most meanwhile:",
        "",
        *grown({n: {k: b for k, (b, _) in m.items()} for n, (_, m) in sizes.items()}, "", sizes),
        "",
        version_line(),
    ]
    return "\n".join(lines) + "\n"


def grown(
    found: dict[int, dict[str, float]],
    form: str,
    peaks: dict[int, tuple[Figures, Figures]] | None = None,
) -> list[str]:
    """Rows of a table: a column for each size, and the slope."""
    numbers = list(found)
    lines = [
        f"| | {' | '.join(map(str, numbers))} | slope |",
        f"|---|{'--:|' * (len(numbers) + 1)}",
    ]
    for name in found[numbers[0]]:
        values = [found[number][name] for number in numbers]
        shown = [form.format(value) for value in values]
        if peaks is not None:
            most = [peaks[number][1][name][1] for number in numbers]
            shown = [
                f"{value / number:.0f} ({peak / number:.0f})"
                for value, peak, number in zip(values, most, numbers, strict=True)
            ]
        lines.append(f"| {name} | {' | '.join(shown)} | {slope(numbers, values)} |")
    return lines


def slope(numbers: Sequence[int], values: Sequence[float]) -> str:
    """Of the logarithms between the last two sizes; - where there is next to nothing."""
    if len(numbers) < 2 or min(values[-2:]) < 0.01:
        return "-"
    return f"{math.log(values[-1] / values[-2]) / math.log(numbers[-1] / numbers[-2]):.2f}"


if __name__ == "__main__":
    main()
