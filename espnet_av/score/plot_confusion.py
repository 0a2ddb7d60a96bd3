"""Picture: which words were taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from espnet_av.figure import GRID, INK, new_figure, save
from espnet_av.score.edits import UtteranceAlignment

_MISSING = "(nothing)"


def plot_confusion(
    alignments: Sequence[UtteranceAlignment], title: str, path: Path, *, num_words: int = 14
) -> bool:
    """Draw the words most often misrecognised against what was heard in their place.

    Args:
        alignments: words of one condition.
        title: what the picture shows.
        path: PNG to write.
        num_words: rows and columns at most.

    Returns:
        False, and no picture, when there is no substitution and no deletion.
    """
    pairs = Counter(
        (left, right or _MISSING)
        for item in alignments
        for left, right in item.pairs
        if left is not None and left != right
    )
    if not pairs:
        return False
    totals: Counter[str] = Counter()
    for (left, _), count in pairs.items():
        totals[left] += count
    rows = [word for word, _ in totals.most_common(num_words)]
    heard: Counter[str] = Counter()
    for (left, right), count in pairs.items():
        if left in rows:
            heard[right] += count
    columns = [word for word, _ in heard.most_common(num_words)]
    spoken = Counter(left for item in alignments for left, _ in item.pairs if left is not None)
    shares = np.array([[100 * pairs[row, col] / spoken[row] for col in columns] for row in rows])
    counts = np.array([[pairs[row, col] for col in columns] for row in rows])
    labels = [f"{row}  ({totals[row]} of {spoken[row]})" for row in rows]
    _draw(shares, counts, labels, columns, title, path)
    return True


def _draw(
    shares: np.ndarray,
    counts: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    path: Path,
) -> None:
    figure = new_figure(2.6 + 0.46 * len(columns), 1.9 + 0.36 * len(rows))
    axes = figure.add_subplot()
    seen = np.ma.masked_equal(shares, 0)
    image = axes.imshow(seen, cmap="GnBu", vmin=0, vmax=max(shares.max(), 1), aspect="auto")
    axes.set_xticks(np.arange(len(columns) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=GRID, linewidth=0.8)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", fontsize=9)
    axes.set_yticks(range(len(rows)), rows, fontsize=9)
    axes.set_xlabel("recognised instead", color=INK)
    axes.set_ylabel("spoken word (wrong of all)", color=INK)
    axes.set_title(title, color=INK, fontsize=11, loc="left")
    axes.tick_params(which="both", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    for row, column in zip(*counts.nonzero(), strict=True):
        dark = shares[row, column] > 0.65 * shares.max()
        axes.text(
            column,
            row,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=8,
            color="white" if dark else INK,
        )
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02)
    bar.set_label("share of the spoken word (%)", color=INK, fontsize=9)
    bar.outline.set_visible(False)
    save(figure, path)
