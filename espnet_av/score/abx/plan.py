"""Which triplets there are: items in groups, groups in segments, and pairs of groups to compare.

A group holds the items of one phone, context and talker, a segment the groups of one context and
talker. A task is one group as X and one as A, of the same phone; its cells are that with every
other group of A's segment as B. Within talkers X and A are one group; across, A and B are of one
segment and X of another talker's with the same context.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from unicodedata import normalize

import numpy as np

from espnet_av.errors import DataDirError
from espnet_av.score.abx.items import AbxItem
from espnet_av.score.abx.options import AbxOptions, TalkerOfX

_CHUNK_FRAMES = 1 << 15
"""Frames that are held at a time."""


class NothingToCompareError(DataDirError):
    """Items make no triplet."""


@dataclass(frozen=True)
class ItemLabels:
    """Phones, contexts and talkers of items, as numbers."""

    phone: np.ndarray
    """(M,) int64; so the others."""
    context: np.ndarray
    speaker: np.ndarray
    phones: list[str]
    """Name of every number; so the others."""
    contexts: list[str]
    speakers: list[str]


def label(items: Sequence[AbxItem], options: AbxOptions) -> ItemLabels:
    """Number the labels of items; with context `any` all have the same context."""
    within = options.context == "within"
    contexts = [f"{i.previous} {i.following}" if within else "any" for i in items]
    found = [
        np.unique(np.array(words, dtype=object), return_inverse=True)
        for words in ([i.phone for i in items], contexts, [i.speaker for i in items])
    ]
    for kind, (names, _) in zip(("phones", "neighbours", "talkers"), found, strict=True):
        _check_writing(kind, names.tolist())
    phone, context, speaker = (np.asarray(number, dtype=np.int64) for _, number in found)
    return ItemLabels(phone, context, speaker, *(names.tolist() for names, _ in found))


def _check_writing(kind: str, names: Sequence[str]) -> None:
    """One label that is written in two ways of Unicode would be two.

    Raises:
        DataDirError: there is one.
    """
    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(normalize("NFC", name), name)
        if other != name:
            msg = (
                f"{kind} {other} ({other!a}) and {name} ({name!a}) look alike, but are "
                "written in two ways of Unicode and would count as two; write all in one: "
                "uconv -x any-nfc, or Python's unicodedata.normalize('NFC', text)"
            )
            raise DataDirError(msg)


@dataclass(frozen=True)
class Plan:
    """Every cell of an ABX task, by numbers."""

    labels: ItemLabels
    order: np.ndarray
    """(M,) int64: the items that take part, group by group, as numbers of `labels`."""
    item: np.ndarray
    """(G + 1,) int64, first place in `order` of every group."""
    segment: np.ndarray
    """(S + 1,) int64, first group of every segment."""
    pairs: np.ndarray
    """(R, 2) int64, segments of every block."""
    task: np.ndarray
    """(R + 1,) int64, first task of every block."""
    task_x: np.ndarray
    """(K,) int64, group."""
    task_a: np.ndarray
    """(K,) int64, group."""

    def group(self, labels: np.ndarray) -> np.ndarray:
        """(G,) what `labels`, one of an item, are of every group."""
        return labels[self.order[self.item[:-1]]]

    @cached_property
    def home(self) -> np.ndarray:
        """(G,) segment of every group."""
        return np.repeat(np.arange(len(self.segment) - 1), np.diff(self.segment))

    @cached_property
    def cell(self) -> np.ndarray:
        """(K + 1,) first cell of every task."""
        others = np.diff(self.segment)[self.home[self.task_a]] - 1
        return np.concatenate([[0], np.cumsum(others)])

    @property
    def num_cells(self) -> int:
        """Cells of all tasks."""
        return int(self.cell[-1])

    def cell_groups(self, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Task, and group B, of the cells of tasks `first` to before `end`."""
        tasks = np.arange(first, end)
        counts = np.diff(self.cell[first : end + 1])
        of = np.repeat(tasks, counts)
        place = np.arange(len(of)) - np.repeat(self.cell[first:end] - self.cell[first], counts)
        a = self.task_a[of]
        b = self.segment[self.home[a]] + place
        return of, b + (b >= a)

    def sizes(self, of: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Triplets of cells, of task `of` with B `b`."""
        count = np.diff(self.item)
        x, a = self.task_x[of], self.task_a[of]
        return count[x] * (count[a] - (x == a)) * count[b]

    def chunks(self, length: np.ndarray) -> Iterator[tuple[int, int]]:
        """First block, and that to end before, of parts whose frames are held at a time.

        Args:
            length: (M,) frames of every item of `labels`.
        """
        frames = np.add.reduceat(length[self.order], self.item[self.segment[:-1]])
        first, held, total = 0, set[int](), 0
        for block, (p, q) in enumerate(self.pairs.tolist()):
            new = {p, q} - held
            added = sum(int(frames[s]) for s in new)
            if held and total + added > _CHUNK_FRAMES:
                yield first, block
                first, held, total = block, set(), 0
                new = {p, q}
                added = sum(int(frames[s]) for s in new)
            held |= new
            total += added
        yield first, len(self.pairs)


def make_plan(labels: ItemLabels, speaker: TalkerOfX, options: AbxOptions) -> Plan:
    """Draw items and talkers, and list what is compared.

    Of a group at most `max_size_group` items are drawn, the same for all its cells; of the talkers
    that could be X at most `max_x_across` for each A, the same for all its B.

    Raises:
        NothingToCompareError: there is no triplet.
    """
    draws = np.random.default_rng(options.seed)
    order = _drawn(labels, options.max_size_group, draws)
    keys = np.stack([labels.context[order], labels.speaker[order], labels.phone[order]])
    starts = _starts(keys)
    bounds = np.append(starts, len(order))
    groups, counts = keys[:, starts], np.diff(bounds)
    if speaker == "within":
        x = a = _with_others(groups, counts >= 2).nonzero()[0]
    else:
        x, a = _across(groups, options.max_x_across, draws)
    if not len(x):
        raise NothingToCompareError(_nothing(labels, speaker, options))
    return _laid_out(labels, order, groups, counts, x, a)


def _drawn(labels: ItemLabels, most: int | None, draws: np.random.Generator) -> np.ndarray:
    """Items by context, talker and phone, at most so many of each, in their order."""
    keys = (labels.phone, labels.speaker, labels.context)
    order = np.lexsort((draws.random(len(labels.phone)), *keys))
    if most is not None:
        starts = _starts(np.stack([key[order] for key in keys]))
        counts = np.diff(np.append(starts, len(order)))
        order = order[np.arange(len(order)) - np.repeat(starts, counts) < most]
    return order[np.lexsort((order, *(key[order] for key in keys)))]


def _starts(keys: np.ndarray) -> np.ndarray:
    """Places in sorted (L, N) keys where a new one begins."""
    new = np.ones(keys.shape[1], dtype=bool)
    new[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return new.nonzero()[0]


def _with_others(groups: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Those of the chosen groups that have another phone beside them."""
    starts = _starts(groups[:2])
    sizes = np.diff(np.append(starts, groups.shape[1]))
    return chosen & np.repeat(sizes >= 2, sizes)


def _across(
    groups: np.ndarray, most: int | None, draws: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Groups X and A of one context and phone, and of two talkers."""
    context, _, phone = groups
    order = np.lexsort((phone, context))
    starts = _starts(groups[:, order][[0, 2]])
    sizes = np.diff(np.append(starts, len(order)))
    each = np.repeat(sizes, sizes)  # groups of the same context and phone, for every group
    a = np.repeat(np.arange(len(order)), each)
    x = np.repeat(np.repeat(starts, sizes), each) + _counted(each)
    is_pair = (x != a) & _with_others(groups, np.ones(len(order), dtype=bool))[order][a]
    x, a = order[x[is_pair]], order[a[is_pair]]
    if most is None or not len(x):
        return x, a
    mixed = np.lexsort((draws.random(len(a)), a))
    x, a = x[mixed], a[mixed]
    per_a = np.diff(np.append(_starts(a[None]), len(a)))
    kept = _counted(per_a) < most
    return x[kept], a[kept]


def _counted(sizes: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... anew for every size."""
    return np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _laid_out(
    labels: ItemLabels,
    order: np.ndarray,
    groups: np.ndarray,
    counts: np.ndarray,
    x: np.ndarray,
    a: np.ndarray,
) -> Plan:
    """Leave out segments that nothing needs, put groups that are X first, sort tasks by block."""
    starts = _starts(groups[:2])
    home = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, groups.shape[1])))
    needed = np.zeros(len(starts), dtype=bool)
    needed[home[a]] = needed[home[x]] = True
    is_x = np.zeros(len(home), dtype=bool)
    is_x[x] = True
    kept = np.lexsort((np.arange(len(home)), ~is_x, home))
    kept = kept[needed[home[kept]]]
    place = np.full(len(home), -1)
    place[kept] = np.arange(len(kept))
    first = np.cumsum(counts) - counts
    items = np.repeat(first[kept], counts[kept]) + _counted(counts[kept])
    segment = np.append(_starts(groups[:2][:, kept]), len(kept))
    x, a = place[x], place[a]
    new_home = np.repeat(np.arange(len(segment) - 1), np.diff(segment))
    low, high = (f(new_home[x], new_home[a]) for f in (np.minimum, np.maximum))
    by_block = np.lexsort((a, x, high, low))
    blocks = np.stack([low[by_block], high[by_block]])
    begins = _starts(blocks)
    return Plan(
        labels,
        order[items],
        np.concatenate([[0], np.cumsum(counts[kept])]),
        segment,
        blocks[:, begins].T.copy(),
        np.append(begins, len(x)),
        x[by_block],
        a[by_block],
    )


def _nothing(labels: ItemLabels, speaker: TalkerOfX, options: AbxOptions) -> str:
    why = {
        "within": "two items of one phone, and one of another, by one talker",
        "across": "two phones by one talker, and one of them by another, too",
    }[speaker]
    place = " between the same neighbours" if options.context == "within" else ""
    return (
        f"no triplet {speaker} talkers: of {len(labels.phone)} items of {len(labels.phones)} "
        f"phones and {len(labels.speakers)} talkers none are {why}{place}; take more of the set, "
        + ("context any, or the other kind of speaker" if place else "or the other kind of speaker")
    )
