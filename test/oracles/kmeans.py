"""Slow reference of k-means: numpy, 64 bit, one point and one centre at a time."""

import numpy as np


def nearest(points, centres):
    """Labels and squared distances, the first of equally near centres."""
    labels, distances = [], []
    for point in np.asarray(points, dtype=np.float64):
        to_centres = [float(((point - centre) ** 2).sum()) for centre in np.asarray(centres)]
        labels.append(int(np.argmin(to_centres)))
        distances.append(min(to_centres))
    return np.array(labels), np.array(distances)


def lloyd(points, centres):
    """Each centre becomes the mean of its points; one without points stays."""
    labels, _ = nearest(points, centres)
    points, moved = np.asarray(points, dtype=np.float64), np.array(centres, dtype=np.float64)
    for k in range(len(moved)):
        if (labels == k).any():
            moved[k] = points[labels == k].mean(0)
    return moved


def running_means(batches, centres):
    """Each centre becomes the mean of every point it was nearest to when the point's batch came."""
    centres = np.array(centres, dtype=np.float64)
    given = [[] for _ in centres]
    for batch in batches:
        labels, _ = nearest(batch, centres)
        for point, label in zip(batch, labels, strict=True):
            given[label].append(np.asarray(point, dtype=np.float64))
        centres = np.array([np.mean(g, 0) if g else c for g, c in zip(given, centres, strict=True)])
    return centres


def greedy_plus_plus(points, first, draws):
    """Numbers of the chosen points; `draws` holds the uniform numbers of every further centre."""
    points = np.asarray(points, dtype=np.float64)
    chosen = [first]
    for uniforms in draws:
        closest = [min(((p - points[c]) ** 2).sum() for c in chosen) for p in points]
        best, lowest = None, np.inf
        for uniform in uniforms:
            left, trial = uniform * sum(closest), 0
            while trial < len(points) - 1 and left > closest[trial]:
                left -= closest[trial]
                trial += 1
            potential = sum(
                min(c, ((p - points[trial]) ** 2).sum())
                for p, c in zip(points, closest, strict=True)
            )
            if potential < lowest:
                best, lowest = trial, potential
        chosen.append(best)
    return chosen
