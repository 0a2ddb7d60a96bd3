"""The record of a recognition, as a line of `nbest.jsonl` has it."""

from __future__ import annotations

import json

import pytest

from espnet_av.predict.recognition import Recognition
from espnet_av.search.alignment import WordTime
from espnet_av.search.hypothesis import Hypothesis

BEST = Hypothesis(tokens=[3, 4], score=-1.5, parts={"ctc": -1.5}, frames=[0, 2])
SECOND = Hypothesis(tokens=[3], score=-2.0, parts={"ctc": -2.0})


def test_every_hypothesis_with_its_text_and_the_times_of_the_best() -> None:
    result = Recognition(
        utt_id="u1",
        hypotheses=[BEST, SECOND],
        texts=["bin blue", "bin"],
        words=[WordTime("bin", 0.0, 0.08, 0.5), WordTime("blue", 0.08, 0.2, 1.0)],
        num_frames=5,
    )
    assert json.loads(json.dumps(result.as_record())) == {
        "utt": "u1",
        "frames": 5,
        "words": [
            {"word": "bin", "start": 0.0, "end": 0.08, "probability": 0.5},
            {"word": "blue", "start": 0.08, "end": 0.2, "probability": 1.0},
        ],
        "nbest": [
            {
                "text": "bin blue",
                "tokens": [3, 4],
                "score": -1.5,
                "parts": {"ctc": -1.5},
                "frames": [0, 2],
                "probabilities": None,
            },
            {
                "text": "bin",
                "tokens": [3],
                "score": -2.0,
                "parts": {"ctc": -2.0},
                "frames": None,
                "probabilities": None,
            },
        ],
    }


def test_nothing_found_and_no_times() -> None:
    result = Recognition(utt_id="u", hypotheses=[], texts=[], words=None, num_frames=1)
    assert result.as_record() == {"utt": "u", "frames": 1, "words": None, "nbest": []}


def test_a_text_is_missing() -> None:
    result = Recognition(utt_id="u", hypotheses=[BEST], texts=[], words=None, num_frames=1)
    with pytest.raises(ValueError, match="zip"):
        result.as_record()
