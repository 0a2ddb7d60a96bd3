"""Search in an index by its size: seconds a question and memory, vectors mapped from disk.

Asserts that what is found is what a full sort in float64 finds, then times each size:

    python tools/benchmarks/bench_index.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import resource
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from page import heading, publish, version_line
from timing import clock

from espnet_av.data.ark import ArkWriter
from espnet_av.index.meaning_index import MeaningIndex
from espnet_av.index.report import IndexReport, NotedModel, write_report
from espnet_av.index.rows import IndexRow, write_rows
from espnet_av.index.shard import MATRIX

_SHARD = 16384
_CHECKED = 20_000
"""Largest index that is sorted as a whole."""


def main() -> None:
    """Run all sizes and print (or write) their table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    lines = []
    with tempfile.TemporaryDirectory(dir=args.work_dir) as work:
        for size in args.sizes:
            folder = Path(work) / str(size)
            num_bytes = write_index(folder, size, args.width)
            lines.append(measure(folder, size, num_bytes, args))
            print(lines[-1], flush=True)
    publish(report(args, lines), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 300_000, 1_000_000]
    )
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--num", type=int, default=5, help="utterances found")
    parser.add_argument("--num_questions", type=int, default=32, help="asked at once")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--work_dir", type=Path, help="for the indexes; none: the usual one")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def unit_vectors(seed: int, num: int, width: int) -> np.ndarray:
    """(num, width) float32 of length 1."""
    found = np.random.default_rng(seed).standard_normal((num, width), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def write_index(folder: Path, size: int, width: int) -> int:
    """An index of random vectors; returns the bytes of its archives."""
    folder.mkdir()
    archives = {}
    for number, start in enumerate(range(0, size, _SHARD), 1):
        rows = unit_vectors(number, min(_SHARD, size - start), width)
        with ArkWriter(folder / f"vectors.{number:06d}.ark") as ark:
            archives[ark.write_array(MATRIX, rows)] = len(rows)
    write_rows(folder, utterances(folder, size))
    model = NotedModel(places=[], checkpoint="none", sha256="none")
    write_report(
        folder,
        IndexReport(
            model=model, teacher=None, modality="A", width=width, num_utts=size, num_dropped=0,
            sets={"random": size}, archives=archives,
        ),
    )  # fmt: skip
    return sum(path.stat().st_size for path in folder.glob("*.ark"))


def utterances(folder: Path, size: int) -> Iterator[IndexRow]:
    where = f"{folder}/audio.ark:0"
    for number in range(size):
        yield IndexRow(
            utt_id=f"utt-{number:07d}", set_name="random", lang="en", seconds=3.0, where=where,
            text=f"what utterance number {number} of the index says",
        )  # fmt: skip


def measure(folder: Path, size: int, num_bytes: int, args: argparse.Namespace) -> str:
    """A line of the table."""
    start = clock("cpu")
    index = MeaningIndex(folder)
    opened = clock("cpu") - start
    questions = unit_vectors(10**6, args.num_questions, args.width)
    if size <= _CHECKED:
        check(index, questions, args.num)
    one = timed(index, questions[:1], args)
    many = timed(index, questions, args) / args.num_questions
    return (
        f"| {size:,} | {num_bytes / 1e6:,.0f} | {1e3 * opened:.1f} | {1e3 * one:.1f} | "
        f"{1e3 * many:.2f} | {1e9 * one / size:.0f} | {private_megabytes():.0f} |"
    )


def check(index: MeaningIndex, questions: np.ndarray, num: int) -> None:
    """Compare with a full sort."""
    stored = torch.cat(list(index.blocks())).double()
    order = (torch.from_numpy(questions).double() @ stored.T).argsort(dim=1, descending=True)
    expected = [[f"utt-{place:07d}" for place in row[:num]] for row in order.tolist()]
    found = [[hit.row.utt_id for hit in hits] for hits in index.nearest(questions, num)]
    assert found == expected, "not what a full sort finds"


def timed(index: MeaningIndex, questions: np.ndarray, args: argparse.Namespace) -> float:
    """Median seconds; the first, unrecorded time reads the archives into the page cache."""
    index.nearest(questions, args.num)
    seconds = []
    for _ in range(args.repeats):
        start = clock("cpu")
        index.nearest(questions, args.num)
        seconds.append(clock("cpu") - start)
    return statistics.median(seconds)


def private_megabytes() -> float:
    """Memory of this process alone, without pages of files that the system may drop."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def report(args: argparse.Namespace, lines: list[str]) -> str:
    """The page."""
    text = [
        *heading("Search in an index by its size", "cpu", args.num_threads),
        f"Vectors of {args.width} numbers in float16, mapped from disk and in the page cache; the "
        f"{args.num} nearest of one question, and of {args.num_questions} asked at once. Up to "
        f"{_CHECKED:,} vectors, what is found was compared with a full sort in float64.",
        "",
        "| vectors | archives MB | open ms | one question ms | of many, ms each | ns a vector | "
        "memory of the process MB |",
        "|--:|--:|--:|--:|--:|--:|--:|",
        *lines,
        "",
        version_line(),
    ]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    main()
