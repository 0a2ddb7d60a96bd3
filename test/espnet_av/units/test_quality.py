"""Measures of units against scikit-learn, and against counting by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from espnet_av.data.table import Segment
from espnet_av.units.quality import UnitCounts, agreement, count_names, entropy, usage


def joint_of(units, phones, num_units, num_phones):
    joint = np.zeros((num_units, num_phones), dtype=int)
    for unit, phone in zip(units, phones, strict=True):
        joint[unit, phone] += 1
    return joint


def purity_by_hand(groups, members):
    """Share of members that are the commonest of their group."""
    right = 0
    for group in set(groups):
        inside = [m for g, m in zip(groups, members, strict=True) if g == group]
        right += max(inside.count(m) for m in inside)
    return right / len(members)


@pytest.mark.parametrize("noise", [0.0, 0.4, 1.0])
def test_agreement_equals_scikit_learns_and_counting(noise):
    rng = np.random.default_rng(0)
    phones = rng.integers(0, 7, 500)
    units = np.where(rng.random(500) < noise, rng.integers(0, 12, 500), (phones * 5 + 1) % 12)
    found = agreement(joint_of(units, phones, 13, 8))
    assert found["nmi"] == pytest.approx(normalized_mutual_info_score(phones, units), abs=1e-9)
    assert found["phone_purity"] == pytest.approx(purity_by_hand(units.tolist(), phones.tolist()))
    assert found["unit_purity"] == pytest.approx(purity_by_hand(phones.tolist(), units.tolist()))
    assert found["chance_purity"] == np.bincount(phones).max() / 500
    assert found["labels"] == 7 and found["aligned_frames"] == 500
    information = found["pnmi"] * entropy(np.bincount(phones))
    mean = (entropy(np.bincount(phones)) + entropy(np.bincount(units))) / 2
    assert information / mean == pytest.approx(found["nmi"])


def test_agreement_at_its_edges():
    assert agreement(np.zeros((3, 2), dtype=int)) is None
    assert agreement(np.zeros((3, 0), dtype=int)) is None
    alike = agreement(np.array([[5], [0]]))
    assert (alike["pnmi"], alike["nmi"], alike["phone_purity"]) == (1.0, 1.0, 1.0)
    assert agreement(np.diag([3, 4, 5]))["pnmi"] == pytest.approx(1.0)
    assert agreement(np.full((3, 4), 2))["nmi"] == pytest.approx(0.0, abs=1e-9)


def test_usage_by_hand():
    counts = UnitCounts(5, 50)
    counts.add("u1", np.array([0, 0, 1, 1, 1, 0]))
    counts.add("u2", np.array([0, 4]))  # its first run is not a part of the one before
    counts.add("u3", np.array([], dtype=np.int32))
    found = usage(counts)
    assert (found["utterances"], found["frames"], found["unused"]) == (3, 8, 2)
    assert found["mean_run_frames"] == 8 / 5
    assert found["mean_run_ms"] == 8 / 5 * 20
    shares = [4 / 8, 3 / 8, 1 / 8]
    assert found["perplexity"] == pytest.approx(math.prod(p**-p for p in shares))


def test_one_unit_all_the_time_is_one_run():
    counts = UnitCounts(2, 50)
    counts.add("u", np.ones(7, dtype=np.int64))
    assert usage(counts)["mean_run_frames"] == 7
    assert usage(UnitCounts(2, 50))["mean_run_frames"] == 0


def test_perplexity_of_even_use_is_the_number_of_units():
    counts = UnitCounts(6, 25)
    counts.add("u", np.arange(6).repeat(3))
    assert usage(counts)["perplexity"] == pytest.approx(6)
    assert usage(UnitCounts(3, 25))["perplexity"] == 1.0


def test_alignment_is_read_at_the_rate_of_the_units():
    ctm = {"u": [Segment(0.0, 0.1, "b"), Segment(0.1, 0.06, "a")]}
    names = count_names(ctm)
    assert names == ("a", "b")
    for rate_hz, expected in ((100, [[0, 10], [6, 0]]), (50, [[0, 5], [3, 0]])):
        counts = UnitCounts(2, rate_hz, names)
        first = rate_hz // 10
        # Two frames more than the alignment covers: they do not count.
        labels = np.repeat([0, 1], [first, int(0.06 * rate_hz) + 2])
        counts.add("u", labels, ctm["u"])
        assert counts.joint.tolist() == expected
