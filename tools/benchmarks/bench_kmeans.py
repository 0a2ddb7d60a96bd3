"""Mini-batch k-means of the units stage against scikit-learn's MiniBatchKMeans.

Same frames and settings, several seeds; asserts that ours ends at no higher a mean inertia, then
prints both, and the times with their ratio:

    python tools/benchmarks/bench_kmeans.py --dump egs2/grid/avsr1/dump/train
    python tools/benchmarks/bench_kmeans.py --large --device cuda
"""

import argparse
import datetime
import statistics
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from page import processor, publish, version_line
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_limits
from timing import clock

from espnet_av.ops.assignment import nearest_centres
from espnet_av.ops.kmeans import fit_kmeans
from espnet_av.provenance import git_hash

TOLERANCE = 1.001
"""Our mean inertia may be at most this many times scikit-learn's."""
SAME_LABELS = 0.9999
"""Share of points that both label alike by the same centres; others are as near to two of them."""
LABEL_ROUNDS = 7
"""Labellings of each seed, in turns."""
LARGE = {"num_points": 200_000, "dim": 768, "num_clusters": 500, "batch_size": 10_000}
"""Sizes of HuBERT's second iteration, with fewer frames."""


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    points = read_mfcc(args.dump, args.num_points) if args.dump else draw(args)
    with threadpool_limits(limits=args.num_threads):
        ours, theirs = compare(args, points)
    assert_no_higher(ours["inertia"], theirs["inertia"])
    text = report(args, points, ours, theirs)
    publish(text, args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_points", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=39)
    parser.add_argument("--num_clusters", type=int, default=100)
    parser.add_argument("--batch_size", type=int, default=2_000)
    parser.add_argument("--n_init", type=int, default=3)
    parser.add_argument("--max_no_improvement", type=int, default=100)
    parser.add_argument("--num_seeds", type=int, default=4)
    parser.add_argument("--dump", type=Path, help="MFCC of this dump instead of drawn points")
    parser.add_argument("--large", action="store_true", help=f"sizes {LARGE}")
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="of ours; scikit-learn is on the CPU")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    args = parser.parse_args()
    for name, value in LARGE.items() if args.large else ():
        setattr(args, name, value)
    return args


def draw(args: argparse.Namespace) -> torch.Tensor:
    """Overlapping Gaussian blobs of unequal size, twice as many as clusters, off the origin."""
    generator = torch.Generator().manual_seed(0)
    middles = 2 * torch.randn(2 * args.num_clusters, args.dim, generator=generator)
    weights = torch.rand(len(middles), generator=generator) + 0.1
    chosen = torch.multinomial(weights, args.num_points, replacement=True, generator=generator)
    return middles[chosen] + torch.randn(args.num_points, args.dim, generator=generator) + 3.0


def read_mfcc(dump_dir: Path, num_points: int) -> torch.Tensor:
    """Frames of a dump, taken evenly."""
    from espnet_av.features.set_features import SetFeatures
    from espnet_av.features.source import MfccSource

    features = SetFeatures(dump_dir, MfccSource(), 2000)
    frames = torch.cat([found for _, found in features.stream(features.data.utt_ids)])
    return frames[:: max(1, len(frames) // num_points)][:num_points].contiguous()


def compare(
    args: argparse.Namespace, points: torch.Tensor
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Inertia, seconds to fit and seconds to label for every seed: ours, then scikit-learn's."""
    ours: dict[str, list[float]] = {"inertia": [], "fit": [], "label": []}
    theirs: dict[str, list[float]] = {"inertia": [], "fit": [], "label": []}
    moved, host, agreement = points.to(args.device), points.numpy(), []
    if args.device != "cpu":
        fit_ours(moved, args, seed=99)  # warms up
    for seed in range(args.num_seeds):
        centres, seconds = timed(args.device, lambda seed=seed: fit_ours(moved, args, seed))
        ours["fit"].append(seconds)
        reference, seconds = timed(args.device, lambda seed=seed: fit_theirs(points, args, seed))
        theirs["fit"].append(seconds)
        for _ in range(LABEL_ROUNDS):
            labels, seconds = timed(args.device, lambda c=centres: nearest_centres(moved, c))
            ours["label"].append(seconds)
            found, seconds = timed(args.device, lambda model=reference: model.predict(host))
            theirs["label"].append(seconds)
        ours["inertia"].append(inertia(points, centres.cpu(), labels.cpu()))
        same = nearest_centres(moved, torch.from_numpy(reference.cluster_centers_).to(moved))
        agreement.append(float((same.cpu() == torch.from_numpy(found)).float().mean()))
        reached = torch.from_numpy(reference.cluster_centers_)
        theirs["inertia"].append(inertia(points, reached, torch.from_numpy(found).long()))
    assert min(agreement) > SAME_LABELS, f"labels by the same centres agree in {agreement} only"
    return ours, theirs


def fit_ours(points: torch.Tensor, args: argparse.Namespace, seed: int) -> torch.Tensor:
    return fit_kmeans(
        points,
        args.num_clusters,
        torch.Generator().manual_seed(seed),
        batch_size=args.batch_size,
        n_init=args.n_init,
        max_no_improvement=args.max_no_improvement,
    ).centres


def fit_theirs(points: torch.Tensor, args: argparse.Namespace, seed: int) -> MiniBatchKMeans:
    model = MiniBatchKMeans(
        args.num_clusters,
        init="k-means++",
        batch_size=args.batch_size,
        max_iter=100,
        n_init=args.n_init,
        tol=0.0,
        max_no_improvement=args.max_no_improvement,
        reassignment_ratio=0.0,
        compute_labels=False,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(points.numpy())


def inertia(points: torch.Tensor, centres: torch.Tensor, labels: torch.Tensor) -> float:
    """Mean squared distance of every point to its centre, difference by difference in 64 bit."""
    parts = zip(points.split(20_000), labels.split(20_000), strict=True)
    sums = [(part.double() - centres[chosen].double()).square().sum() for part, chosen in parts]
    return float(sum(sums)) / len(points)


def timed(device: str, function: Callable[[], Any]) -> tuple[Any, float]:
    """Result, and seconds: of the processor on a CPU (others may use it too), else of the clock."""
    start = clock(device)
    result = function()
    return result, clock(device) - start


def assert_no_higher(ours: list[float], theirs: list[float]) -> None:
    """Our mean inertia is at most scikit-learn's, but for a thousandth."""
    ratio = statistics.mean(ours) / statistics.mean(theirs)
    assert ratio <= TOLERANCE, f"inertia is {ratio:.5f} times scikit-learn's: {ours} and {theirs}"


def report(
    args: argparse.Namespace,
    points: torch.Tensor,
    ours: dict[str, list[float]],
    theirs: dict[str, list[float]],
) -> str:
    """The page: what was asserted, then the table."""
    ratio = statistics.mean(ours["inertia"]) / statistics.mean(theirs["inertia"])
    fit, label = (
        statistics.median(theirs[key]) / statistics.median(ours[key]) for key in ("fit", "label")
    )
    kind = "processor seconds" if args.device == "cpu" else "seconds"
    rows = [
        f"| {name} | {np.mean(row['inertia']):.4f} | {np.std(row['inertia']):.4f} | "
        f"{statistics.median(row['fit']):.2f} | {max(row['fit']):.2f} | "
        f"{statistics.median(row['label']):.4f} |"
        for name, row in (("scikit-learn MiniBatchKMeans", theirs), ("this package", ours))
    ]
    source = "MFCC with deltas of a dump" if args.dump else "drawn points"
    options = " ".join(
        f"--{key} {value}"
        for key, value in vars(args).items()
        if value is not None and key not in ("out", "large")
    )
    machine = f"{processor(args.device)}, {args.num_threads} thread(s)"
    if args.device != "cpu":
        machine += f"; scikit-learn on {processor('cpu')}"
    return "\n".join(
        [
            "# Mini-batch k-means",
            "",
            f"Mean inertia over {args.num_seeds} seeds is {ratio:.4f} times scikit-learn's "
            f"(asserted: at most {TOLERANCE}); labels by the same centres are the same.",
            f"**{fit:.2f} times as fast to fit, {label:.2f} times as fast to label.**",
            "",
            f"| {source} | mean inertia | std | fit, median {kind} | slowest | label, median |",
            "|---|--:|--:|--:|--:|--:|",
            *rows,
            "",
            f"{len(points)} points of {points.size(1)} dimensions, {args.num_clusters} clusters, "
            f"mini-batches of {args.batch_size}, {args.n_init} starts, stop after "
            f"{args.max_no_improvement} without improvement, no reassignment in scikit-learn's "
            "(as HuBERT sets it). Ours ends with five full passes.",
            "",
            f"- machine: {machine}",
            f"- date: {datetime.datetime.now(datetime.UTC).date()}",
            f"- command: `python tools/benchmarks/bench_kmeans.py {options}`",
            f"- git: {git_hash()}",
            f"- versions: {version_line()}",
            "",
        ]
    )


if __name__ == "__main__":
    main()
