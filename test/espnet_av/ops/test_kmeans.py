"""K-means against the slow reference, against scikit-learn, and at its edges."""

import math
import warnings

import numpy as np
import pytest
import torch
from oracles.kmeans import greedy_plus_plus, lloyd, nearest, running_means

from espnet_av.errors import ConfigError
from espnet_av.ops import kmeans
from espnet_av.ops.kmeans import fit_kmeans, kmeans_plus_plus


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def cloud(size, dim=3, seed=0, spread=1.0, blobs=12):
    generator = seeded(seed)
    middles = 4 * torch.randn(blobs, dim, generator=generator)
    chosen = torch.randint(blobs, (size,), generator=generator)
    return middles[chosen] + spread * torch.randn(size, dim, generator=generator)


def test_starts_equal_the_reference():
    points, num_clusters = cloud(60), 9
    centres = kmeans_plus_plus(points, num_clusters, seeded(5))
    generator = seeded(5)
    first = int(torch.randint(len(points), (1,), generator=generator))
    trials = 2 + int(math.log(num_clusters))
    draws = [
        torch.rand(trials, generator=generator, dtype=torch.float64).tolist()
        for _ in range(num_clusters - 1)
    ]
    assert torch.equal(centres, points[greedy_plus_plus(points, first, draws)])


def test_mini_batches_equal_the_reference():
    points, start = cloud(300), cloud(300)[:7]
    centres, steps = kmeans._run_batches(
        points, start, seeded(3), 20, max_iter=1, tol=0.0, max_no_improvement=99,
        advance=lambda: None,
    )  # fmt: skip
    assert steps == 300 // 20
    generator = seeded(3)
    batches = [points[torch.randint(300, (20,), generator=generator)] for _ in range(steps)]
    np.testing.assert_allclose(centres, running_means(batches, start), atol=1e-4)


def test_full_passes_equal_the_reference():
    points, start = cloud(200), cloud(200)[:6]
    result = kmeans._polish(points, start, 3, num_batches=0)
    expected = lloyd(points, lloyd(points, lloyd(points, start)))
    np.testing.assert_allclose(result.centres, expected, atol=1e-5)
    labels, distances = nearest(points, expected)
    assert result.counts.tolist() == np.bincount(labels, minlength=6).tolist()
    assert result.inertia == pytest.approx(distances.mean(), rel=1e-4)


def test_clusters_far_apart_are_found():
    points = cloud(400, spread=0.01, blobs=8)
    result = fit_kmeans(points, 8, seeded(), batch_size=50, n_init=3)
    assert result.inertia < 4 * 3 * 0.01**2
    assert int(result.counts.sum()) == 400


@pytest.mark.parametrize("num_clusters", [4, 30])
def test_inertia_is_no_higher_than_scikit_learns(num_clusters):
    from sklearn.cluster import MiniBatchKMeans

    points = cloud(1500, dim=6, blobs=40, spread=2.0)
    ours, theirs = [], []
    for seed in range(4):
        reference = MiniBatchKMeans(
            num_clusters, batch_size=300, max_iter=100, n_init=3, tol=0.0, max_no_improvement=20,
            reassignment_ratio=0.0, random_state=seed, compute_labels=False,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reference.fit(points.numpy())
        theirs.append(nearest(points, reference.cluster_centers_)[1].mean())
        result = fit_kmeans(
            points, num_clusters, seeded(seed), batch_size=300, n_init=3, max_no_improvement=20
        )
        ours.append(nearest(points, result.centres)[1].mean())
    assert np.mean(ours) <= np.mean(theirs) * 1.001


def test_the_seed_decides():
    points = cloud(500)
    first, again, other = (
        fit_kmeans(points, 20, seeded(seed), batch_size=100, n_init=2) for seed in (1, 1, 2)
    )
    assert torch.equal(first.centres, again.centres) and first.inertia == again.inertia
    assert not torch.equal(first.centres, other.centres)


def test_no_cluster_stays_empty():
    points = torch.zeros(200, 2)
    points[:5] = torch.eye(5, 2) + torch.arange(5.0).unsqueeze(1)
    # Mini-batches of ten points hardly ever see the five.
    result = fit_kmeans(points, 6, seeded(), batch_size=2, n_init=1, max_iter=1, full_passes=1)
    assert sorted(result.counts.tolist()) == [1, 1, 1, 1, 1, 195]
    assert result.inertia == pytest.approx(0.0, abs=1e-4)


def test_as_many_clusters_as_points():
    result = fit_kmeans(torch.arange(5.0).unsqueeze(1), 5, seeded(), n_init=1)
    assert sorted(result.centres.flatten().tolist()) == [0, 1, 2, 3, 4]
    assert fit_kmeans(torch.ones(3, 2), 1, seeded()).centres.tolist() == [[1, 1]]


def test_too_few_points_are_an_error():
    with pytest.raises(ConfigError, match=r"6 clusters .* only 5 distinct points .*num_units"):
        fit_kmeans(torch.arange(5.0).unsqueeze(1), 6, seeded())
    with pytest.raises(ConfigError, match=r"3 clusters .* only 2 distinct points"):
        fit_kmeans(torch.eye(2)[torch.arange(10) % 2], 3, seeded(), n_init=1)


def test_training_stops_when_nothing_improves():
    points = cloud(1000)
    seen = []

    def batches(**settings):
        options = {"batch_size": 100, "n_init": 1, "max_iter": 50} | settings
        return fit_kmeans(points, 8, seeded(), **options).num_batches

    assert batches(max_no_improvement=1000, advance=lambda: seen.append(1)) == 500 == len(seen)
    assert 5 < batches(max_no_improvement=5) < 500
    assert batches(tol=1.0) == 2
    assert batches(tol=1e-9, max_no_improvement=1000) == 500


def test_samples_and_smoothing_have_scikit_learns_sizes(monkeypatch):
    points, drawn, smoothings = cloud(1000), [], []

    def draw(total, size, generator):
        drawn.append((total, size))
        return torch.randperm(total, generator=generator)[:size]

    class StopRule(kmeans._StopRule):
        def __init__(self, smoothing, *others):
            smoothings.append(smoothing)
            super().__init__(smoothing, *others)

    monkeypatch.setattr(kmeans, "_draw", draw)
    monkeypatch.setattr(kmeans, "_StopRule", StopRule)
    fit_kmeans(points, 8, seeded(), batch_size=100, n_init=2, max_iter=1)
    assert drawn == [(1000, 300)] * 3  # the judges, and a sample for each start
    assert smoothings == [200 / 1001]
    drawn.clear()
    fit_kmeans(points, 150, seeded(), batch_size=100, n_init=1, max_iter=1)
    assert drawn == [(1000, 450)] * 2, "three points a cluster at least"


def test_both_ways_to_sum_agree():
    points, labels = cloud(100), torch.randint(7, (100,), generator=seeded())
    assert 7 not in labels
    expected = torch.zeros(8, 3, dtype=torch.float64)
    for point, label in zip(points, labels, strict=True):
        expected[label] += point
    for add in (kmeans._sum_in_order, kmeans._sum_sorted):
        assert torch.allclose(add(points, labels, 8).double(), expected, atol=1e-4)


@pytest.mark.gpu
def test_a_gpu_clusters_alike_and_reproducibly(device):
    points = cloud(2000)
    ours = fit_kmeans(points, 20, seeded(), batch_size=200, n_init=2)
    first, again = (
        fit_kmeans(points.to(device), 20, seeded(), batch_size=200, n_init=2) for _ in range(2)
    )
    assert torch.equal(first.centres, again.centres)
    assert first.inertia == pytest.approx(ours.inertia, rel=0.01)
