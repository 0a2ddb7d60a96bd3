"""Reading clean media: this tree against another one of the same package.

Asserts that both give the same samples and pictures, bit by bit, then times them in turn:

    git worktree add ../before <commit>
    python tools/benchmarks/bench_media_reading.py --before ../before --video_dir <GRID>/s1
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np
import soundfile
from page import heading, publish, version_line
from timing import p95

ROOT = Path(__file__).resolve().parents[2]
_KINDS = {"mp4, sound": "sound", "mp4, pictures": "pictures", "wav 16 kHz": "wav"}
# One process for each tree, which is told a kind and a file, and answers seconds and a digest.
_WORKER = """
import hashlib, sys, time
from espnet_av.media.audio import read_audio
from espnet_av.media.video import read_video
for line in sys.stdin:
    kind, path = line.rstrip("\\n").split("\\t")
    begin = time.process_time()
    found = read_video(path, gray=True) if kind == "pictures" else read_audio(path)
    seconds = time.process_time() - begin
    print(seconds, hashlib.sha256(found.tobytes()).hexdigest(), flush=True)
"""


class Tree:
    """A process that reads with the package of one tree."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            env={"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self, kind: str, path: Path) -> tuple[float, str]:
        """CPU seconds, and what tells the result."""
        self._process.stdin.write(f"{kind}\t{path}\n")
        self._process.stdin.flush()
        seconds, digest = self._process.stdout.readline().split()
        return float(seconds), digest

    def close(self) -> None:
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips = sorted(args.video_dir.glob("*.mp4"))[: args.num_clips]
        assert clips, f"{args.video_dir}: no mp4 file"
        files = dict.fromkeys(("sound", "pictures"), clips)
        files["wav"] = [write_wave(clip, Path(folder)) for clip in clips]
        trees = Tree(args.before), Tree(ROOT)
        times = measure(trees, files, args.rounds)
        for tree in trees:
            tree.close()
    publish(report(args, times), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, required=True, help="the other tree")
    parser.add_argument("--video_dir", type=Path, required=True, help="folder of face mp4 files")
    parser.add_argument("--num_clips", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5, help="passes over all clips, after one")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def write_wave(clip: Path, folder: Path) -> Path:
    """The sound of a clip ten times over, about 30 s, as 16-bit wav at 16 kHz."""
    with av.open(str(clip)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16000)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    soundfile.write(folder / f"{clip.stem}.wav", np.tile(samples, 10), 16000)
    return folder / f"{clip.stem}.wav"


def measure(
    trees: tuple[Tree, Tree], files: dict[str, list[Path]], rounds: int
) -> dict[str, tuple[list[float], list[float]]]:
    """CPU seconds of each read in both trees, by kind; the trees alternate, and take turns."""
    times: dict[str, tuple[list[float], list[float]]] = {kind: ([], []) for kind in files}
    for turn in range(rounds + 1):
        for kind, paths in files.items():
            for number, path in enumerate(paths):
                order = (0, 1) if (turn + number) % 2 else (1, 0)
                found = {which: trees[which].read(kind, path) for which in order}
                assert found[0][1] == found[1][1], f"{path}: {kind} differs between the trees"
                if turn > 0:
                    for which in order:
                        times[kind][which].append(found[which][0])
    return times


def report(args: argparse.Namespace, times: dict[str, tuple[list[float], list[float]]]) -> str:
    """The results file: machine, command, table, versions."""
    lines = [
        *heading("Reading clean media: before and after the time stamps rule", "cpu", 1),
        f"{args.num_clips} clips of GRID (3 s), and their sound ten times over as wav; "
        f"{args.rounds} rounds after one to warm up, the trees taking turns file by file. Equal to "
        "the last bit in every read. CPU milliseconds of the reading process.",
        "",
        "| file | before: median | p95 | now: median | p95 | speed, now to before |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, kind in _KINDS.items():
        before, now = times[kind]
        cells = [f"{1e3 * f(part):.2f}" for part in (before, now) for f in (statistics.median, p95)]
        ratio = statistics.median(before) / statistics.median(now)
        lines.append(f"| {name} | {' | '.join(cells)} | **{ratio:.3f}** |")
    return "\n".join([*lines, "", version_line(), ""])


if __name__ == "__main__":
    main()
