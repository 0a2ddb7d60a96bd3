"""Mini-batch k-means (Sculley, WWW 2010) from greedy k-means++ starts, ended by Lloyd passes."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.ops.assignment import Assignment, assign

_CHUNK = 2**16
"""Points summed up in 32 bit before 64 bit takes over."""
_REFILL_ROUNDS = 20
"""Further passes at most, to fill clusters that are still empty after the full ones."""
_TRIAL_PASSES = 3
"""Lloyd iterations of each start on its own sample, before the starts are compared."""


class Clustering(NamedTuple):
    """A fitted codebook and how well it fits."""

    centres: Tensor
    """(K, D) float32."""
    inertia: float
    """Mean squared distance of a point to its centre."""
    counts: Tensor
    """(K,) int64 points of each cluster; none is 0."""
    num_batches: int
    """Mini-batches until it stopped."""


def fit_kmeans(
    points: Tensor,
    num_clusters: int,
    generator: torch.Generator,
    *,
    batch_size: int = 10_000,
    max_iter: int = 100,
    n_init: int = 20,
    tol: float = 0.0,
    max_no_improvement: int = 100,
    full_passes: int = 5,
    advance: Callable[[], None] = lambda: None,
) -> Clustering:
    """Clusters points; the same generator state gives the same centres.

    Each start is improved on a random sample, then all are compared on another one; the best goes
    on with mini-batches, as in scikit-learn's MiniBatchKMeans.

    Args:
        points: (N, D) finite floats; all computation is on their device.
        num_clusters: K <= N.
        generator: on the CPU, whatever the device of the points.
        batch_size: points in a mini-batch.
        max_iter: mini-batches are drawn until they are as many points as this many times N.
        n_init: number of starts.
        tol: stop when the centres' smoothed squared movement falls below this share of the mean
            variance of the dimensions; 0 turns it off.
        max_no_improvement: stop after so many mini-batches without a lower smoothed inertia.
        full_passes: Lloyd iterations over all points afterwards, at least 1; none raises the
            inertia, and they move empty clusters to the points worst served.
        advance: called after each mini-batch.

    Raises:
        ConfigError: there are fewer distinct points than clusters.
    """
    if len(points) < num_clusters:
        raise _too_few(num_clusters, len(points))
    size = min(len(points), max(3 * batch_size, 3 * num_clusters))
    judges = points[_draw(len(points), size, generator).to(points.device)].float()
    best, lowest = torch.empty(0), math.inf
    for _ in range(n_init):
        sample = points[_draw(len(points), size, generator).to(points.device)]
        centres = kmeans_plus_plus(sample, num_clusters, generator)
        for _ in range(_TRIAL_PASSES):
            centres = _lloyd(sample, centres, assign(sample, centres))[0]
        inertia = float(assign(judges, centres).distances.double().mean())
        if inertia < lowest:
            best, lowest = centres, inertia
    del judges
    best, num_batches = _run_batches(
        points, best, generator, min(batch_size, len(points)), max_iter, tol, max_no_improvement,
        advance,
    )  # fmt: skip
    return _polish(points, best, full_passes, num_batches)


def kmeans_plus_plus(points: Tensor, num_clusters: int, generator: torch.Generator) -> Tensor:
    """Greedy k-means++ (Arthur and Vassilvitskii, SODA 2007): far-apart points as first centres.

    Each centre is the best of 2 + ln K candidates, drawn in proportion to the squared distance to
    the nearest centre so far.

    Args:
        points: (N, D) float.
        num_clusters: K.
        generator: on the CPU.

    Returns:
        (K, D) float32.
    """
    shifted = points.float() - points.float().mean(0)
    norms = shifted.square().sum(1)
    num_trials = 2 + int(math.log(num_clusters))
    chosen = [torch.randint(len(points), (1,), generator=generator).to(points.device)]
    closest = _distances_to(shifted, norms, chosen[0]).squeeze(1)
    for _ in range(1, num_clusters):
        # Drawn on the CPU: a GPU's running sums depend on the order of its threads.
        sums = closest.cpu().double().cumsum(0)
        draws = torch.rand(num_trials, generator=generator, dtype=torch.float64) * sums[-1]
        trials = torch.searchsorted(sums, draws).clamp(max=len(points) - 1).to(points.device)
        distances = _distances_to(shifted, norms, trials)
        distances = torch.minimum(distances, closest.unsqueeze(1))
        winner = distances.sum(0, dtype=torch.float64).argmin()
        closest = distances[:, winner]
        chosen.append(trials[winner].unsqueeze(0))
    return points[torch.cat(chosen)].float()


def _distances_to(points: Tensor, norms: Tensor, index: Tensor) -> Tensor:
    """(N, D), their squared norms (N,), (L,) -> (N, L) squared distances to the chosen points."""
    products = torch.addmm(norms[index], points, points[index].T, alpha=-2)
    return (products + norms.unsqueeze(1)).clamp(min=0)


def _draw(total: int, size: int, generator: torch.Generator) -> Tensor:
    """(size,) point numbers; all of them once if as many are asked for."""
    if size >= total:
        return torch.arange(total)
    return torch.randint(total, (size,), generator=generator)


def _run_batches(
    points: Tensor,
    centres: Tensor,
    generator: torch.Generator,
    batch_size: int,
    max_iter: int,
    tol: float,
    max_no_improvement: int,
    advance: Callable[[], None],
) -> tuple[Tensor, int]:
    """Mini-batches until nothing improves: centres (each the mean of all it was ever given)."""
    total = len(points)
    weights = centres.new_zeros(len(centres))
    limit = tol * float(points.float().var(0, correction=0).mean()) if tol else 0.0
    stop = _StopRule(min(1.0, 2 * batch_size / (total + 1)), limit, max_no_improvement)
    num_batches = max(1, max_iter * total // batch_size)
    for step in range(1, num_batches + 1):
        index = torch.randint(total, (batch_size,), generator=generator)
        batch = points[index.to(points.device)].float()
        found = assign(batch, centres)
        sums, counts = sum_by_label(batch, found.labels, len(centres))
        weights += counts
        change = (sums - counts.unsqueeze(1) * centres) / weights.clamp(min=1).unsqueeze(1)
        centres = (centres + change).float()
        advance()
        if stop(float(found.distances.double().mean()), float(change.square().sum())):
            return centres, step
    return centres, num_batches


class _StopRule:
    """Exponentially smoothed inertia and movement, as scikit-learn decides to stop."""

    def __init__(self, smoothing: float, limit: float, patience: int) -> None:
        self._smoothing, self._limit, self._patience = smoothing, limit, patience
        self._steps, self._since_best, self._lowest = 0, 0, math.inf
        self._inertia = self._movement = math.nan

    def __call__(self, inertia: float, movement: float) -> bool:
        """Whether to stop after a mini-batch with this inertia and movement of the centres."""
        self._steps += 1
        if self._steps == 1:  # tells about the start, not about the training
            return False
        self._inertia = self._smooth(self._inertia, inertia)
        self._movement = self._smooth(self._movement, movement)
        self._since_best = 0 if self._inertia < self._lowest else self._since_best + 1
        self._lowest = min(self._lowest, self._inertia)
        still = self._limit > 0 and self._movement <= self._limit
        return still or self._since_best >= self._patience

    def _smooth(self, old: float, new: float) -> float:
        return new if math.isnan(old) else old + self._smoothing * (new - old)


def _polish(points: Tensor, centres: Tensor, full_passes: int, num_batches: int) -> Clustering:
    """Lloyd iterations; more of them while any cluster is empty."""
    found = assign(points, centres)
    for number in range(full_passes + _REFILL_ROUNDS):
        means, counts = _lloyd(points, centres, found)
        if number >= full_passes and bool((counts > 0).all()):
            inertia = float(found.distances.double().mean())
            return Clustering(centres, inertia, counts, num_batches)
        centres = means
        found = assign(points, centres)
    raise _too_few(len(centres), int((counts > 0).sum()))


def _lloyd(points: Tensor, centres: Tensor, found: Assignment) -> tuple[Tensor, Tensor]:
    """New centres, each the mean of its points, and (K,) how many points the old ones had."""
    sums, counts = sum_by_label(points, found.labels, len(centres))
    means = (sums / counts.clamp(min=1).unsqueeze(1)).float()
    _refill(points, means, counts, found.distances)
    return means, counts


def _refill(points: Tensor, centres: Tensor, counts: Tensor, distances: Tensor) -> None:
    """Puts every empty cluster, in place, on the point that is farthest from all centres."""
    for empty in (counts == 0).nonzero().flatten():
        centres[empty] = points[distances.argmax()].float()
        nearer = assign(points, centres[empty].unsqueeze(0)).distances
        distances = torch.minimum(distances, nearer)


def sum_by_label(points: Tensor, labels: Tensor, num_labels: int) -> tuple[Tensor, Tensor]:
    """Sums of the points of each label, in 64 bit; reproducible on a GPU too.

    Args:
        points: (N, D) float.
        labels: (N,) int64.
        num_labels: K.

    Returns:
        sums (K, D) float64 and counts (K,) int64.
    """
    sums = points.new_zeros(num_labels, points.size(1), dtype=torch.float64)
    for chunk, chosen in zip(points.split(_CHUNK), labels.split(_CHUNK), strict=True):
        add = _sum_sorted if points.is_cuda else _sum_in_order
        sums += add(chunk.float(), chosen, num_labels)
    return sums, torch.bincount(labels, minlength=num_labels)


def _sum_in_order(points: Tensor, labels: Tensor, num_labels: int) -> Tensor:
    return points.new_zeros(num_labels, points.size(1)).index_add_(0, labels, points)


def _sum_sorted(points: Tensor, labels: Tensor, num_labels: int) -> Tensor:
    # index_add_ on a GPU adds in the order in which threads happen to arrive.
    order = labels.argsort(stable=True)
    lengths = torch.bincount(labels, minlength=num_labels)
    return torch.segment_reduce(points[order], "sum", lengths=lengths, unsafe=True)


def _too_few(num_clusters: int, num_distinct: int) -> ConfigError:
    return ConfigError(
        f"{num_clusters} clusters are asked for, but only {num_distinct} distinct points are there "
        "to fill them; lower num_units, or raise sample_share"
    )
