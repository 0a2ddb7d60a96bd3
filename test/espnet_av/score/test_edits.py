"""Counts and alignments of errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles.edit_distance import edit_distance

from espnet_av.errors import DataDirError
from espnet_av.score.edits import EditCounts, align

WORDS = st.lists(st.sampled_from(["a", "bb", "c", "ça", "привет"]), max_size=7)


PAIRS = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5)


@given(PAIRS.filter(lambda pairs: any(ref for ref, _ in pairs)))
def test_errors_are_the_edit_distance(texts):
    refs = {f"u{i}": " ".join(ref) for i, (ref, _) in enumerate(texts)}
    hyps = {f"u{i}": " ".join(hyp) for i, (_, hyp) in enumerate(texts)}
    for unit, split in (("words", str.split), ("characters", list)):
        for item in align(refs, hyps, unit):
            ref, hyp = split(refs[item.utt_id]), split(hyps[item.utt_id])
            assert item.counts.errors == edit_distance(ref, hyp)
            assert item.counts.num_ref == len(ref)
            assert [left for left, _ in item.pairs if left is not None] == ref
            assert [right for _, right in item.pairs if right is not None] == hyp


def test_kinds_of_errors():
    (item,) = align({"u": "bin blue at f two now"}, {"u": "bin red f two two now"}, "words")
    assert item.counts.errors == 3
    (item,) = align({"u": "a b"}, {"u": ""}, "words")
    assert item.counts == EditCounts(hits=0, substitutions=0, deletions=2, insertions=0)
    (item,) = align({"u": "a"}, {"u": "a b"}, "words")
    assert item.counts == EditCounts(hits=1, substitutions=0, deletions=0, insertions=1)


def test_words_where_normalisation_left_nothing_are_insertions():
    (first, second) = align({"u": "a b", "v": ""}, {"u": "a b", "v": "c d"}, "words")
    assert second.counts == EditCounts(hits=0, substitutions=0, deletions=0, insertions=2)
    assert first.counts.errors == 0


def test_spaces_count_as_characters():
    (item,) = align({"u": "a b"}, {"u": "ab"}, "characters")
    assert (item.counts.errors, item.counts.num_ref) == (1, 3)


@pytest.mark.parametrize(
    ("refs", "hyps", "message"),
    [
        ({"u1": " ", "u2": ""}, {"u1": "a", "u2": "b"}, "^every reference is empty"),
        ({"u1": "a", "u2": "b"}, {"u1": "a"}, "^u2: no hypothesis; the decoding is incomplete"),
        ({"u1": "a"}, {"u1": "a", "u2": "b"}, "^u2: a hypothesis without reference"),
        ({}, {}, "no utterance to score"),
    ],
)
def test_nothing_is_left_out_silently(refs, hyps, message):
    with pytest.raises(DataDirError, match=message):
        align(refs, hyps, "words")
