"""BERTScore as a plug-in: a double of its package, and the package where it is installed."""

import sys
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from oracles.golden_texts import texts_of

from espnet_av.errors import ConfigError
from espnet_av.score.text_metrics.bertscore import measure_bertscore

PAIRS = (("a b", "a b"), ("c", "d"))


class Double:
    """What `bert_score` offers, told what it was asked."""

    def __init__(self, folder: Any) -> None:
        self.__file__ = str(folder / "__init__.py")
        self.utils = SimpleNamespace(
            lang2model=defaultdict(lambda: "multilingual", en="large"), model2layers={"large": 17}
        )
        self.asked: dict[str, Any] = {}
        self.error: Exception | None = None

    def score(self, hyps: list[str], refs: list[str], **asked: Any) -> Any:
        self.asked = asked
        if self.error:
            raise self.error
        found = [1.0 if hyp == ref else 0.25 for hyp, ref in zip(hyps, refs, strict=True)]
        return (None, None, found), f"{asked['model_type']}_L{asked['num_layers']}"


@pytest.fixture
def double(tmp_path, monkeypatch):
    package = Double(tmp_path)
    monkeypatch.setitem(sys.modules, "bert_score", package)
    return package


def test_the_network_of_the_language(double):
    measured = measure_bertscore(texts_of(*PAIRS, lang="en"))
    assert (measured.sums.value, measured.signature) == (62.5, "large_L17")
    assert double.asked["rescale_with_baseline"] is False


def test_rescaled_where_there_is_a_baseline(double, tmp_path):
    (tmp_path / "rescale_baseline" / "en").mkdir(parents=True)
    (tmp_path / "rescale_baseline" / "en" / "large.tsv").write_text("", encoding="utf-8")
    measure_bertscore(texts_of(*PAIRS, lang="en-GB"))
    assert double.asked["rescale_with_baseline"] is True


def test_a_network_of_ones_own(double):
    measured = measure_bertscore(texts_of(*PAIRS, model="/models/tiny@2"))
    assert measured.signature == "/models/tiny_L2"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, "the texts: the language of the references is not known"),
        ({"model": "/models/tiny"}, "/models/tiny: no layer is known of it; set scoring"),
        ({"model": "/models/tiny@last"}, "tiny@last: no layer is known of it"),
    ],
)
def test_what_is_not_known_is_named(double, facts, message):
    with pytest.raises(ConfigError, match=message):
        measure_bertscore(texts_of(*PAIRS, **facts))


def test_what_cannot_be_had_is_named(double):
    double.error = OSError("We couldn't connect\nmore")
    with pytest.raises(ConfigError, match=r"large is not here and cannot be fetched \(We couldn't"):
        measure_bertscore(texts_of(*PAIRS, lang="en"))
    double.error = OverflowError("int too big to convert")
    with pytest.raises(ConfigError, match="write model_max_length: 512 into its tokenizer_config"):
        measure_bertscore(texts_of(*PAIRS, lang="en"))


def test_a_language_that_the_package_does_not_list(double):
    with pytest.raises(ConfigError, match="metric bertscore: multilingual: no layer is known"):
        measure_bertscore(texts_of(*PAIRS, lang="xx"))


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "bert_score", None)
    with pytest.raises(ConfigError, match="pip install bert-score, or leave bertscore out"):
        measure_bertscore(texts_of(*PAIRS, lang="en"))
