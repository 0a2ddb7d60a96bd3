"""One ABX measurement: items and features in, errors and all that they depend on out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from espnet_av.errors import DataDirError
from espnet_av.features.stored_array import StoredArray
from espnet_av.fingerprint import fingerprint
from espnet_av.score.abx.cells import Cells, score_cells
from espnet_av.score.abx.item_frames import Room, StoredItems
from espnet_av.score.abx.items import AbxItem
from espnet_av.score.abx.levels import Means, average, level_names
from espnet_av.score.abx.options import AbxOptions, TalkerOfX
from espnet_av.score.abx.plan import Plan, label, make_plan
from espnet_av.score.abx.spans import ItemSpans, check_durations, check_rate, cut
from espnet_av.score.bootstrap import Resampling

Layers = Mapping[str, Mapping[str, StoredArray]]
"""Name of a layer -> file -> its features."""
Watch = Callable[[str, Plan, Cells], None]
"""Told the layer, and the cells of each chunk."""


@dataclass(frozen=True)
class Task:
    """Items that are cut and planned; the same for every layer."""

    spans: ItemSpans
    plan: Plan
    speaker: TalkerOfX
    options: AbxOptions
    rate: Fraction

    def facts(self) -> dict[str, Any]:
        """What the figures depend on, and what was left out and why."""
        options = asdict(self.options) | {"speaker": self.speaker}
        labels, spans = self.plan.labels, self.spans
        talking = set(self.plan.group(labels.speaker).tolist())
        silent = [name for n, name in enumerate(labels.speakers) if n not in talking]
        return {
            "frame_hz": str(self.rate),
            "options": options,
            "levels": level_names(self.speaker, self.options),
            "num_items": len(spans.items) + len(spans.dropped),
            "num_compared": len(self.plan.order),
            "num_phones": len(labels.phones),
            "num_contexts": len(labels.contexts),
            "num_speakers": len(labels.speakers),
            "speakers_without_cells": silent,
            "num_clipped": spans.num_clipped,
            "dropped": dict(Counter(reason for _, reason in spans.dropped)),
        }


def prepare_task(
    items: Sequence[AbxItem],
    layers: Layers,
    rate: Fraction,
    speaker: TalkerOfX,
    options: AbxOptions,
    durations: tuple[Mapping[str, float], str] | None = None,
) -> Task:
    """Find the frames of every item, and plan what is compared.

    Args:
        items: of any files of the features.
        layers: features, of the same frames in each layer.
        rate: frames a second.
        speaker: within or across talkers.
        options: everything else.
        durations: file -> seconds, and where they are from; None: they are guessed of the items.

    Raises:
        DataDirError: features and items do not fit each other, or there is nothing to compare.
    """
    frames = _num_frames(layers)
    known = [item for item in items if item.file in frames]
    if durations is not None:
        check_durations(durations[0], frames, rate, durations[1])
    elif known:
        check_rate(known, frames, rate)
    spans = cut(items, frames, rate, options)
    return Task(
        spans, make_plan(label(spans.items, options), speaker, options), speaker, options, rate
    )


def measure(
    task: Task, layers: Layers, *, num_threads: int = 1, watch: Watch | None = None
) -> dict[str, Means]:
    """Errors of every layer.

    Raises:
        DataDirError: features are not finite, or cannot be compared.
    """
    plan, spans, room = task.plan, task.spans, Room()
    found = {}
    for name, arrays in layers.items():
        frames = StoredItems(spans, arrays, room)
        cells = score_cells(plan, frames, spans.end - spans.start, task.options, num_threads)
        found[name] = average(plan, (_seen(name, plan, chunk, watch) for chunk in cells))
    return found


def _seen(name: str, plan: Plan, chunk: Cells, watch: Watch | None) -> Cells:
    if watch is not None:
        watch(name, plan, chunk)
    return chunk


def _num_frames(layers: Layers) -> dict[str, int]:
    (first, arrays), *others = layers.items()
    frames = {file: array.num_frames for file, array in arrays.items()}
    for name, more in others:
        for file, array in arrays.items():
            if file not in more or more[file].num_frames != frames[file]:
                count = more[file].num_frames if file in more else "no"
                msg = (
                    f"{file}: {count} frames in {name}, {frames[file]} in {first}; layers of one "
                    "model have the same frames: measure these apart"
                )
                raise DataDirError(msg)
            if array.where == more[file].where:
                msg = f"{first} and {name} are the same features; name each layer once"
                raise DataDirError(msg)
    return frames


def figures(means: Means, resampling: Resampling) -> dict[str, Any]:
    """What is told of a measurement, errors from 0 to 1."""
    return {
        "error_rate": means.error_rate,
        "ci95_over_speakers": means.interval(resampling),
        "error_rate_weighted": means.weighted,
        "num_cells": means.num_cells,
        "num_triplets": means.num_triplets,
        "num_pairs": len(means.by_pair()[0]),
        "by_speaker": means.by_speaker(),
    }


def hash_items(items: Sequence[AbxItem]) -> str:
    """Fingerprint of what the items are, in any order of lines."""
    lines = sorted(
        f"{i.file} {i.onset} {i.offset} {i.phone} {i.previous} {i.following} {i.speaker}\n"
        for i in items
    )
    return fingerprint(lines)
