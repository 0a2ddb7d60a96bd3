"""The part `scoring` of `expected_scores.yaml`: its defaults, and what is refused."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.score.bleu_tokens import Tokeniser
from espnet_av.score.scoring import Scoring


def test_word_errors_of_texts_as_they_are() -> None:
    assert build(Scoring, {}) == Scoring(
        metric="wer", normaliser="none", tokenize="by_language", collar_sec=0.0
    )


@pytest.mark.parametrize("tokenize", ["by_language", *get_args(Tokeniser)])
def test_every_tokeniser_can_be_asked_for(tokenize: str) -> None:
    assert build(Scoring, {"tokenize": tokenize}).tokenize == tokenize


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"collar_sec": -0.25}, r"collar_sec is -0.25; it is a time, 0 or more"),
        ({"collar_sec": "a lot"}, "collar_sec: expected a number"),
        ({"tokenize": "13b"}, "'13b' is not a choice; did you mean '13a'"),
        ({"normaliser": "whispers"}, "'whispers' is not a choice; did you mean 'whisper'"),
        ({"tokenise": "13a"}, "unknown key 'tokenise'; did you mean 'tokenize'"),
    ],
)
def test_what_makes_no_sense(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(Scoring, changes, "scoring")
