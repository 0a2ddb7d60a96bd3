"""Reading a large data dir, against one dictionary a table; and batches of all its utterances.

Writes a data dir, asserts that its tables are those of the dictionaries, then prints the seconds
and the bytes an utterance of both, and the seconds of an epoch's batches:

    python tools/benchmarks/bench_data_dir.py --num_utts 1000000
"""

import argparse
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from page import heading, publish, version_line

from espnet_av.data.data_dir import DataDir, read_data_dir, validate
from espnet_av.data.lengths import num_frames
from espnet_av.data.sampler import BucketBatchSampler
from espnet_av.data.table import parse_table

TABLES: dict[str, Callable[[int], object]] = {
    "wav.scp": lambda n: f"audio.{n // 128 + 1:06d}.ark:{n % 128 * 30000}",
    "video.scp": lambda n: f"video.{n // 128 + 1:06d}.ark:{n % 128 * 150000}",
    "utt2spk": lambda n: f"spk{n // 300:05d}",
    "utt2lang": lambda n: "en",
    "text": lambda n: f"some words of utterance number {n} here",
    "utt2num_frames": lambda n: 75 + n * 7919 % 50,
}


def main() -> None:
    """Run the comparison and print (or write) its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_utts", type=int, default=200_000)
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    parser.add_argument("--measure", choices=("columns", "dictionaries"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(*measure(args.measure, args.folder))
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), args.num_utts)
        data = read_data_dir(folder)
        assert data.tables == by_dictionaries(Path(folder)).tables
        rows = [alone(kind, Path(folder), args.num_utts) for kind in ("dictionaries", "columns")]
        publish(report(rows, data, args.num_utts), args.out)


def write(folder: Path, num_utts: int) -> None:
    """A data dir like a dump."""
    for name, value in TABLES.items():
        lines = (f"spk{n // 300:05d}-{n:08d} {value(n)}\n" for n in range(num_utts))
        (folder / name).write_text("".join(lines), encoding="utf-8")


def by_dictionaries(folder: Path) -> DataDir:
    """The same as one dictionary a table, and checked."""
    data = DataDir(folder, {name: parse_table(folder / name)[0] for name in TABLES})
    assert not validate(data)
    return data


def alone(kind: str, folder: Path, num_utts: int) -> tuple[str, float, float]:
    """Kind, seconds and bytes an utterance, in a process of its own."""
    command = [sys.executable, __file__, "--measure", kind, "--folder", str(folder)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return kind, float(told[0]), float(told[1]) / num_utts


def measure(kind: str, folder: Path) -> tuple[float, int]:
    """Seconds to read, then bytes that are held."""
    import tracemalloc

    read = read_data_dir if kind == "columns" else by_dictionaries
    start = time.process_time()
    read(folder)
    seconds = time.process_time() - start
    gc.collect()
    tracemalloc.start()
    held = read(folder)
    gc.collect()
    assert held.path
    return seconds, tracemalloc.get_traced_memory()[0]


def report(rows: list[tuple[str, float, float]], data: DataDir, num_utts: int) -> str:
    """The page."""
    (_, slow, _), (_, fast, _) = rows
    start = time.process_time()
    lengths = [num_frames(data, utt_id) for utt_id in data.utt_ids]
    looked_up = time.process_time() - start
    start = time.process_time()
    batches = BucketBatchSampler(lengths, 2000, 64).batches(0)
    planned = time.process_time() - start
    lines = [
        *heading(f"A data dir of {num_utts} utterances, {len(TABLES)} tables", "cpu", 1),
        "| tables | read, s | of it | bytes an utterance |",
        "|---|---|---|---|",
        *(f"| {kind} | {s:.2f} | {s / slow:.2f} | {size:.0f} |" for kind, s, size in rows),
        "",
        f"Lengths of all utterances: {looked_up:.2f} s; batches of an epoch ({len(batches)}): "
        f"{planned:.2f} s. Reading takes {fast / slow:.2f} of the time.",
        "",
        version_line(),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
