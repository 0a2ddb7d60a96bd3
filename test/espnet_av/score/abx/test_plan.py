"""Cells: who is compared with whom, and what is drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from espnet_av.errors import DataDirError
from espnet_av.score.abx.items import AbxItem, Time
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.plan import ItemLabels, label, make_plan

ALL = AbxOptions(max_size_group=None, max_x_across=None)


def labels(phones, speakers=None, contexts=None):
    """ItemLabels from letters."""
    parts = [phones, contexts or "c" * len(phones), speakers or "s" * len(phones)]
    names = [sorted(set(part)) for part in parts]
    numbers = [np.array([n.index(x) for x in p]) for n, p in zip(names, parts, strict=True)]
    return ItemLabels(*numbers, *names)


def cells(plan):
    """(phone A, phone B, speaker of A, speaker of X), sorted."""
    of, b = plan.cell_groups(0, len(plan.task_x))
    phone, speaker = plan.group(plan.labels.phone), plan.group(plan.labels.speaker)
    x, a = plan.task_x[of], plan.task_a[of]
    assert (phone[x] == phone[a]).all() and len(of) == plan.num_cells
    rows = zip(phone[a], phone[b], speaker[a], speaker[x], strict=True)
    names = (plan.labels.phones, plan.labels.phones, plan.labels.speakers, plan.labels.speakers)
    return sorted("".join(n[i] for n, i in zip(names, row, strict=True)) for row in rows)


def test_a_single_item_is_no_a_but_b():
    assert cells(make_plan(labels("abbcc"), "within", ALL)) == ["bass", "bcss", "cass", "cbss"]


def test_nothing_to_compare():
    with pytest.raises(DataDirError, match="no triplet within talkers: of 5 items of 5 phones"):
        make_plan(labels("abcde"), "within", ALL)
    with pytest.raises(DataDirError, match="no triplet across talkers"):
        make_plan(labels("aabb", "rrss"), "across", ALL)


def test_across_needs_the_phone_by_another_talker():
    found = cells(make_plan(labels("abca", "rrrs"), "across", ALL))
    assert found == ["abrs", "acrs"], "s says a alone, so A and B are by r"
    assert cells(make_plan(labels("abab", "rrss"), "across", ALL)) == [
        "abrs",
        "absr",
        "bars",
        "basr",
    ]


def test_contexts_are_apart():
    with pytest.raises(DataDirError):
        make_plan(labels("aabb", contexts="ccdd"), "within", ALL)


def test_draws_bound_groups_and_talkers():
    draw = np.random.default_rng(0)
    many = ItemLabels(draw.integers(0, 2, 600), np.zeros(600, int), draw.integers(0, 9, 600),
                  ["p", "q"], ["c"], [str(n) for n in range(9)])  # fmt: skip
    options = AbxOptions(max_size_group=4, max_x_across=3)
    plan = make_plan(many, "across", options)
    assert np.diff(plan.item).tolist() == [4] * 18
    assert np.bincount(plan.task_a).tolist() == [3] * 18
    of, b = plan.cell_groups(0, len(plan.task_x))
    assert (plan.sizes(of, b) == 64).all()
    again = make_plan(many, "across", options)
    assert (again.order == plan.order).all() and (again.task_x == plan.task_x).all()
    other = make_plan(many, "across", AbxOptions(max_size_group=4, max_x_across=3, seed=1))
    assert (other.order != plan.order).any()


def test_within_sizes_leave_out_a_for_x():
    plan = make_plan(labels("aaab"), "within", ALL)
    of, b = plan.cell_groups(0, 1)
    assert plan.sizes(of, b).tolist() == [3 * 2 * 1]


def test_chunks_cover_all_blocks_once(monkeypatch):
    draw = np.random.default_rng(1)
    many = ItemLabels(*(draw.integers(0, n, 500) for n in (3, 9, 4)),
                  list("pqr"), list("abcdefghi"), list("wxyz"))  # fmt: skip
    length = draw.integers(1, 9, 500)
    for speaker in ("within", "across"):
        plan = make_plan(many, speaker, ALL)
        whole = list(plan.chunks(length))
        assert whole == [(0, len(plan.pairs))]
        monkeypatch.setattr("espnet_av.score.abx.plan._CHUNK_FRAMES", 60)
        parts = list(plan.chunks(length))
        monkeypatch.undo()
        assert len(parts) > 5
        assert [first for first, _ in parts] == [0, *(end for _, end in parts[:-1])]
        assert parts[-1][1] == len(plan.pairs)


@pytest.mark.parametrize("place", ["phone", "previous", "speaker"])
def test_labels_that_look_alike_and_are_two(place):
    item = AbxItem("f", Time(0, 1), Time(1, 1), "a", "b", "c", "s", "x")
    both = [replace(item, **{place: text}) for text in ("\u00e3", "a\u0303")]
    with pytest.raises(DataDirError, match=r"look alike, .* two ways of Unicode"):
        label(both, ALL)
    assert len(label([replace(item, **{place: t}) for t in ("01", "1")], ALL).phones) <= 2
