"""N-grams and their counts."""

from collections import Counter

from espnet_av.score.text_metrics.ngrams import count_ngrams


def test_ngrams_overlap():
    tokens = ["a", "b", "a", "b"]
    assert count_ngrams(tokens, 1) == Counter({("a",): 2, ("b",): 2})
    assert count_ngrams(tokens, 2) == Counter({("a", "b"): 2, ("b", "a"): 1})
    assert count_ngrams(tokens, 4) == Counter({tuple(tokens): 1})


def test_short_texts_have_none():
    assert count_ngrams(["a"], 2) == Counter()
    assert count_ngrams([], 1) == Counter()
