"""Diarization errors against what md-eval, dscore, spy-der, simpleder and pyannote print."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from espnet_av.ops.diarization_error import Turn, diarization_errors, jaccard_errors

# Turns `talker start-end`; reference | hypothesis; DER in percent: all tools without a collar,
# with 0.25 s on each side (pyannote 4.2.0: collar=0.5), with 0.125 s on each side (pyannote
# collar=0.25), without overlap; JER of dscore (None: it is not known).
CASES = {
    "perfect": ("A0-10 B10-20 | x0-10 y10-20", 0, 0, 0, 0, 0),
    "shift": ("A0-10 B10-20 | x0-10.2 y10.2-20", 1.0, 0, 0.3846, 1.0, 1.9804),
    "overlap missed": ("A0-10 B8-18 | x0-8 y8-18", 10.0, 8.3333, 9.2105, 0, 10),
    "overlap right": ("A0-10 B8-18 | x0-10 y8-18", 0, 0, 0, 0, 0),
    "overlap in hyp only": ("A0-10 B10-20 | x0-12 y8-20", 20.0, 18.4211, 19.2308, 20.0, 16.6667),
    "false alarm outside": (
        "A5-10 | x0-5 y5-10 x10-12", 140.0, 144.4444, 142.1053, 140.0, 0,
    ),
    "gap filled": ("A0-5 A8-12 | x0-12", 33.3333, 31.25, 32.3529, 33.3333, 25),
    "one talker too many": ("A0-10 B10-20 | x0-5 y5-10 z10-20", 25.0, 25.0, 25.0, 25.0, 25),
    # pyannote counts a talker twice where two turns of theirs overlap, so its 0.125 is not ours.
    "one talker's turns overlap": ("A0-6 A4-10 B10-20 | x0-10 y10-20", 0, 0, None, 0, None),
    # Without overlap pyannote says 25.0: it cuts the turns before it matches talkers.
    "three talkers": (
        "A0-10 B5-15 C9-12 | x0-9 y5-14 z12-15", 30.4348, 27.0270, 28.9157, 37.5, 40,
    ),
    "tie": ("A0-10 B10-20 | x0-20 y0-20", 100, 100, 100, 100, 50),
    "tie of halves": ("A0-10 | x0-5 y5-10", 50, 50, 50, 50, 50),
}  # fmt: skip
SECONDS = {"shift": (20, 19), "overlap missed": (20, 18), "three talkers": (23, 18.5)}


def turns(text: str) -> list[Turn]:
    found = re.findall(r"([A-Za-z])([\d.]+)-([\d.]+)", text)
    return [Turn(float(start), float(end), talker) for talker, start, end in found]


def sides(name: str) -> tuple[list[Turn], list[Turn]]:
    reference, hypothesis = CASES[name][0].split("|")
    return turns(reference), turns(hypothesis)


def rate(name: str, **options) -> float:
    found = diarization_errors(*sides(name), **options)
    return 100 * found.errors / found.total


@pytest.mark.parametrize("name", CASES)
def test_golden_values(name):
    _, plain, usual, narrow, alone, jer = CASES[name]
    assert rate(name) == pytest.approx(plain, abs=1e-4)
    assert rate(name, collar_sec=0.25) == pytest.approx(usual, abs=1e-4)
    if narrow is not None:
        assert rate(name, collar_sec=0.125) == pytest.approx(narrow, abs=1e-4)
    assert rate(name, overlap=False) == pytest.approx(alone, abs=1e-4)
    if jer is not None:
        found = jaccard_errors(*sides(name))
        assert 100 * sum(found) / len(found) == pytest.approx(jer, abs=1e-4)


@pytest.mark.parametrize("name", SECONDS)
def test_scored_speech(name):
    totals = tuple(diarization_errors(*sides(name), collar_sec=c).total for c in (0, 0.25))
    assert totals == pytest.approx(SECONDS[name])


def test_a_collar_is_around_the_turns_of_a_talker_not_within_them():
    """spy-der and dscore: 19 s; md-eval puts collars at 4 and 6, too, and has 18 s."""
    found = diarization_errors(*sides("one talker's turns overlap"), collar_sec=0.25)
    assert found.total == pytest.approx(19.0)


def test_kinds_of_error():
    found = diarization_errors(*sides("three talkers"))
    assert (found.missed, found.false_alarm, found.confusion) == pytest.approx((4, 2, 1))
    twice = found.plus(found)
    assert (twice.errors, twice.total) == pytest.approx((14, 46))


TURNS = st.lists(
    st.builds(
        lambda start, length, talker: Turn(start, start + length, talker),
        st.integers(0, 30), st.integers(1, 12), st.sampled_from("ABC"),
    ),
    max_size=6,
)  # fmt: skip


@given(TURNS, TURNS)
def test_against_counting_every_second(reference, hypothesis):
    """Turns at whole seconds, and every way to match talkers tried."""
    from itertools import permutations

    def speaking(some, second):
        return {t.talker for t in some if t.start <= second < t.end}

    moments = [(speaking(reference, s), speaking(hypothesis, s)) for s in range(45)]
    best = 0
    for names in permutations("ABC"):
        match = dict(zip("ABC", names, strict=True))
        best = max(best, sum(len({match[t] for t in h} & r) for r, h in moments))
    wrong = sum(max(len(r), len(h)) for r, h in moments) - best
    found = diarization_errors(reference, hypothesis)
    assert found.errors == pytest.approx(wrong)
    assert found.total == pytest.approx(sum(len(r) for r, _ in moments))


def test_nothing_said_and_nothing_heard():
    assert diarization_errors([], []) == (0, 0, 0, 0)
    assert diarization_errors([], turns("x1-2")) == (0, 1, 0, 0)
    assert diarization_errors(turns("A1-2"), []) == (1, 0, 0, 1)
    assert jaccard_errors(turns("A1-2"), []) == [1.0]


def test_mistakes_are_named():
    with pytest.raises(ValueError, match=r"talker A: a turn from 2\.0 to 1\.0 ends before"):
        diarization_errors(turns("A2-1"), [])
    with pytest.raises(ValueError, match="0 or more"):
        diarization_errors([], [], collar_sec=-0.25)
