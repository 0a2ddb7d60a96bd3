"""METEOR by NLTK: words that are equal, of one stem, or (with WordNet) of one meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from espnet_av.errors import ConfigError
from espnet_av.score.bootstrap import Sums, percentage
from espnet_av.score.metric import Metric
from espnet_av.score.text_metrics.package import import_for, version_of
from espnet_av.score.text_metrics.text_metric import HUNDRED, TextFigure, TextMetric, TextPairs


class NoWordNet:
    """In the place of WordNet: no word has a synonym."""

    def synsets(self, word: str) -> Sequence[Any]:
        """None."""
        return ()


def _wordnet() -> Any:
    corpus = import_for("meteor", "nltk.corpus", "nltk").wordnet
    try:
        corpus.ensure_loaded()
    except LookupError as error:
        msg = (
            "metric meteor: WordNet is not on this machine; python -m nltk.downloader wordnet (set "
            "NLTK_DATA if it is elsewhere than in ~/nltk_data), or take meteor_nowordnet, whose "
            "figures are lower and do not compare with those of meteor"
        )
        raise ConfigError(msg) from error
    return corpus


def _measure(texts: TextPairs, name: str, wordnet: Any, label: str) -> TextFigure:
    meteor = import_for(name, "nltk.translate.meteor_score", "nltk")
    rows = [
        (meteor.single_meteor_score(ref, hyp, wordnet=wordnet), 1) for ref, hyp in texts.tokens()
    ]
    signature = f"{label}|English stems|tok:{texts.tokenize}|{version_of('nltk')}"
    return TextFigure(Sums(np.array(rows), percentage), signature)


def measure_meteor(texts: TextPairs) -> TextFigure:
    """Mean of sentences; stems and synonyms are those of English.

    Raises:
        ConfigError: NLTK or WordNet is not installed.
    """
    corpus = _wordnet()
    label = f"WordNet {corpus.get_version()}"
    return _measure(texts, "meteor", corpus, label)


def measure_meteor_without(texts: TextPairs) -> TextFigure:
    """The same without synonyms, which needs no download.

    Raises:
        ConfigError: NLTK is not installed.
    """
    return _measure(texts, "meteor_nowordnet", NoWordNet(), "no WordNet")


METEOR = TextMetric(
    metric=Metric(
        name="meteor", title="METEOR", words="METEOR", unit="", unit_words=HUNDRED, digits=1
    ),
    measure=measure_meteor,
    apart=True,
)
METEOR_NOWORDNET = TextMetric(
    metric=Metric(
        name="meteor_nowordnet",
        title="METEOR-noWN",
        words="METEOR without WordNet",
        unit="",
        unit_words=HUNDRED,
    ),
    measure=measure_meteor_without,
    apart=True,
)
