"""METEOR with and without synonyms."""

from collections.abc import Sequence

import pytest
from oracles.golden_texts import GOLDEN, PAIRS, texts_of

from espnet_av.errors import ConfigError
from espnet_av.score.text_metrics.meteor import (
    METEOR,
    METEOR_NOWORDNET,
    measure_meteor,
    measure_meteor_without,
)

pytest.importorskip("nltk")
SENTENCES = (0.778906, 0.632022, 0.470886, 0.774017, 0.734954)


class Lemma:
    def __init__(self, name: str) -> None:
        self.name = lambda: name


class Meaning:
    def lemmas(self) -> Sequence[Lemma]:
        return [Lemma("car"), Lemma("auto")]


class ToyWordNet:
    def ensure_loaded(self) -> None:
        pass

    def get_version(self) -> str:
        return "0.1"

    def synsets(self, word: str) -> Sequence[Meaning]:
        return [Meaning()] if word in ("car", "auto") else []


class NoFiles(ToyWordNet):
    def ensure_loaded(self) -> None:
        raise LookupError("Resource wordnet not found.")


def test_golden_without_wordnet():
    for pair, right in zip(PAIRS, SENTENCES, strict=True):
        found = measure_meteor_without(texts_of(pair)).sums.value
        assert found == pytest.approx(100 * right, abs=5e-5)
    measured = METEOR_NOWORDNET.measure(GOLDEN)
    assert measured.sums.value == pytest.approx(67.8157, abs=5e-5)
    assert measured.signature.startswith("no WordNet|English stems|tok:13a|nltk ")


def test_equal_texts_and_empty_ones():
    equal = texts_of(("a", "a"), ("a b", "a b"), ("a b c d", "a b c d"), ("a", ""))
    found = measure_meteor_without(equal).sums.rows[:, 0]
    assert found == pytest.approx([0.5, 0.9375, 0.9921875, 0.0])


def test_synonyms_are_right_with_wordnet(monkeypatch):
    monkeypatch.setattr("nltk.corpus.wordnet", ToyWordNet())
    texts = texts_of(("the car is red", "the auto is red"))
    with_synonyms = METEOR.measure(texts)
    assert with_synonyms.sums.value == pytest.approx(99.21875)
    assert with_synonyms.signature.startswith("WordNet 0.1|English stems")
    assert measure_meteor_without(texts).sums.value < 70


def test_without_its_files_wordnet_is_not_left_out_silently(monkeypatch):
    monkeypatch.setattr("nltk.corpus.wordnet", NoFiles())
    with pytest.raises(ConfigError, match=r"nltk\.downloader wordnet .* or take meteor_nowordnet"):
        measure_meteor(GOLDEN)
