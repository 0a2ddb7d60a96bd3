"""Times of words follow the frame rate of the model."""

from types import SimpleNamespace

import pytest
import torch

from espnet_av.search.decode_set import time_words
from espnet_av.search.hypothesis import Hypothesis

LABELS = [0, 1, 1, 0, 2, 2, 0, 0]
"""Best label of each frame: a word from 1 to 3, another from 4 to 6."""


@pytest.mark.parametrize("rate", [25, 50])
def test_times_are_seconds_at_every_rate(rate):
    log_probs = torch.full((len(LABELS), 4), -9.0)
    for frame, label in enumerate(LABELS):
        log_probs[frame, label] = -0.01
    ctc = SimpleNamespace(log_softmax=lambda frames: log_probs[None])
    model = SimpleNamespace(ctc=ctc, blank_id=0, eos=3, feature_rate=rate)
    tokenizer = SimpleNamespace(tokens=["<blank>", "▁lay", "▁blue", "<sos/eos>"])
    found = time_words(
        model, torch.zeros(8, 2), [Hypothesis(tokens=[1, 2, 3], score=0.0, parts={})], tokenizer
    )
    assert [word.word for word in found] == ["lay", "blue"]
    assert [word.start for word in found] == pytest.approx([1 / rate, 4 / rate])
    assert found[1].end == pytest.approx(6 / rate)
