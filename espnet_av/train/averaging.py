"""Averages of checkpoints, one file in memory at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.train.loading import read_weights
from espnet_av.train.weights import write_weights


def average_checkpoints(
    paths: Sequence[Path], out_path: Path, frozen: Collection[str] = ()
) -> None:
    """Write the mean of the floating-point weights of `paths` (best first) to `out_path`.

    Whole numbers (counters of batches) cannot be averaged and come from the best one. Sums are
    kept in float64 where weights are float32, so that the order of the files does not matter.
    Names in `frozen` are left out, see `write_weights`.

    Raises:
        CheckpointError: a file cannot be read or has other keys or shapes than the first, or the
            mean cannot be written.
    """
    best = read_weights(paths[0])
    sums = {key: value.double() for key, value in best.items() if value.is_floating_point()}
    for path in paths[1:]:
        weights = read_weights(path)
        _check_alike(best, weights, paths[0], path)
        for key, total in sums.items():
            total += weights[key]
    averaged = {
        key: (sums[key] / len(paths)).to(value.dtype) if key in sums else value
        for key, value in best.items()
    }
    write_weights(averaged, out_path, frozen)


def _check_alike(
    first: dict[str, Tensor], other: dict[str, Tensor], first_path: Path, path: Path
) -> None:
    shapes = [{key: tuple(value.shape) for key, value in w.items()} for w in (first, other)]
    if shapes[0] != shapes[1]:
        differing = sorted(dict(set(shapes[0].items()) ^ set(shapes[1].items())))
        msg = (
            f"{path}: cannot be averaged with {first_path}, these weights differ in name or shape: "
            f"{', '.join(differing[:5])}; the files come from different models"
        )
        raise CheckpointError(msg)
