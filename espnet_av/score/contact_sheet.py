"""Contact sheet of retrieval: the pictures nearest to a spoken caption, and the captions to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from espnet_av.figure import INK, new_figure, save

_RIGHT, _WRONG = "#2a9d54", "#c9d2d9"
_SUFFIXES = (".png", ".jpg", ".jpeg")
_SIDE = 1.5
"""Of a picture, in inches."""


@dataclass(frozen=True)
class Nearest:
    """A query with what was found for it, the nearest first."""

    query: str
    """Name of an utterance, or of a picture."""
    found: tuple[str, ...]
    """Names of pictures, or of utterances."""
    is_right: tuple[bool, ...]


def find_pictures(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Name -> file of pictures in a folder, in any depth; those that are not there are left out."""
    wanted = set(names)
    return {
        path.stem: path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES and path.stem in wanted
    }


def draw_sheet(
    heard: Sequence[Nearest],
    seen: Sequence[Nearest],
    pictures: Mapping[str, Path],
    texts: Mapping[str, str],
    title: str,
    path: Path,
) -> None:
    """Draw one row for each query; what belongs to it is framed.

    Args:
        heard: utterances with pictures.
        seen: pictures with utterances.
        pictures: name -> file.
        texts: utterance -> what was said; its name stands for one that is not known.
        title: what the sheet is of.
        path: PNG to write.
    """
    columns = 1 + max(len(row.found) for row in (*heard, *seen))
    rows = len(heard) + len(seen)
    figure = new_figure(columns * _SIDE * 1.1, rows * _SIDE + 0.5)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for line, row in zip(grid, (*heard, *seen), strict=True):
        is_heard = row in heard
        _show(line[0], row.query, pictures, texts, said=is_heard)
        line[0].set_title("heard" if is_heard else "seen", fontsize=8, color=INK)
        for place, (axes, name, right) in enumerate(
            zip(line[1:], row.found, row.is_right, strict=False), 1
        ):
            _show(axes, name, pictures, texts, said=not is_heard)
            axes.set_title(f"{place}", fontsize=8, color=_RIGHT if right else INK)
            _frame(axes, _RIGHT if right else _WRONG, 3.0 if right else 0.8)
    save(figure, path)


def _show(
    axes: Any, name: str, pictures: Mapping[str, Path], texts: Mapping[str, str], *, said: bool
) -> None:
    if said or name not in pictures:
        words = fill(texts.get(name, name), 19)
        axes.text(0.5, 0.5, words, ha="center", va="center", fontsize=7, color=INK)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        return
    axes.imshow(_read(pictures[name]))


def _read(path: Path) -> np.ndarray:
    import cv2  # for those who look

    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return np.zeros((8, 8, 3), np.uint8) if picture is None else picture[:, :, ::-1]


def _frame(axes: Any, color: str, width: float) -> None:
    axes.set_axis_on()
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(color)
        spine.set_linewidth(width)
