"""Scores with less and less video, beside those with all of it and with none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from espnet_av.data.missing_video import KINDS, MissingKind
from espnet_av.predict.condition import parse_missing_video
from espnet_av.score.matrix import cell, modes_of, noise_order, noise_title
from espnet_av.score.metric import Metric
from espnet_av.score.record import Record, axes_of, select

_ROUNDING = 0.01
"""Shares closer than this are the same to a reader."""


class Curve(NamedTuple):
    """One way to lose video in one mode and noise."""

    mode: str
    noise: str
    kind: MissingKind
    points: dict[float, Record]
    """Share that is missing -> score; 0 is the score with all video, if there is one."""
    sound: Record | None
    """Score of sound alone in the same noise; None for lips alone, or if it was not run."""


def curves(complete: Sequence[Record], missing: Sequence[Record], set_name: str) -> list[Curve]:
    """What was measured of a test set, ordered by mode, noise and kind.

    Args:
        complete: records of `scores.json`'s `conditions`.
        missing: records of its `missing_video`.
        set_name: test set.
    """
    whole = {
        (axes_of(record)["mode"], axes_of(record)["noise"]): record
        for record in select(complete, {"set": set_name})
    }
    found: dict[tuple[str, str, MissingKind], dict[float, Record]] = {}
    for record in select(missing, {"set": set_name}):
        axes = axes_of(record)
        lost = parse_missing_video(axes["missing"])
        found.setdefault((axes["mode"], axes["noise"], lost.kind), {})[lost.share] = record
    modes = modes_of(missing)
    listed = []
    for mode, noise, kind in sorted(
        found, key=lambda key: (modes.index(key[0]), noise_order(key[1]), KINDS.index(key[2]))
    ):
        start = {0.0: whole[mode, noise]} if (mode, noise) in whole else {}
        points = start | dict(sorted(found[mode, noise, kind].items()))
        sound = whole.get(("A", noise)) if mode == "AV" else None
        listed.append(Curve(mode, noise, kind, points, sound))
    return listed


def missing_table(listed: Sequence[Curve], set_name: str, metric: Metric) -> list[list[str]]:
    """Header and rows of one test set: ways to lose video down, shares across, sound alone last."""
    shares = sorted({share for curve in listed for share in curve.points})
    header = [f"{set_name} {metric.heading}, missing", *(f"{100 * s:g} %" for s in shares)]
    rows = [
        [
            f"{curve.mode} {noise_title(curve.noise)} {curve.kind}",
            *(cell(curve.points.get(share), metric) for share in shares),
            cell(curve.sound, metric),
        ]
        for curve in listed
    ]
    return [[*header, "A (no video)"], *rows]


def missing_notes(listed: Sequence[Curve]) -> list[str]:
    """Where chance took another share than the one asked for."""
    taken: dict[str, Any] = {
        axes_of(record)["missing"]: record["missing_share"]
        for curve in listed
        for share, record in curve.points.items()
        if share and abs(record["missing_share"] - share) >= _ROUNDING
    }
    return [f"{name} took {100 * share:.0f} % of all frames." for name, share in taken.items()]
