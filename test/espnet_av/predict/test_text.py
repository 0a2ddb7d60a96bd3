"""Times of words follow the frame rate of the model."""

from types import SimpleNamespace

import pytest
import torch

from espnet_av.predict.recognition import Recognition
from espnet_av.predict.text import Texts, time_words
from espnet_av.search.hypothesis import Hypothesis

TOKENIZER = SimpleNamespace(tokens=["<blank>", "▁lay", "▁blue", "<sos/eos>"])
LABELS = [0, 1, 1, 0, 2, 2, 0, 0]
"""Best label of each frame: a word from 1 to 3, another from 4 to 6."""


@pytest.mark.parametrize("rate", [25, 50])
def test_times_are_seconds_at_every_rate(rate):
    log_probs = torch.full((len(LABELS), 4), -9.0)
    for frame, label in enumerate(LABELS):
        log_probs[frame, label] = -0.01
    ctc = SimpleNamespace(log_softmax=lambda frames: log_probs[None])
    model = SimpleNamespace(ctc=ctc, blank_id=0, eos=3, feature_rate=rate)
    found = time_words(
        model, torch.zeros(8, 2), [Hypothesis(tokens=[1, 2, 3], score=0.0, parts={})], TOKENIZER
    )
    assert [word.word for word in found] == ["lay", "blue"]
    assert [word.start for word in found] == pytest.approx([1 / rate, 4 / rate])
    assert found[1].end == pytest.approx(6 / rate)


@pytest.mark.parametrize("frames", [None, [3, 3, 6]])
def test_without_ctc_the_path_of_the_search_tells(frames):
    model = SimpleNamespace(ctc=None, blank_id=0, eos=3, feature_rate=25)
    best = Hypothesis(
        tokens=[1, 2, 3],
        score=0.0,
        parts={},
        frames=frames,
        probabilities=frames and [0.5, 0.25, 0.1],
    )
    found = time_words(model, torch.zeros(8, 2), [best], TOKENIZER)
    if frames is None:
        assert found is None
    else:
        assert found == [("lay", 0.12, 0.16, 0.5), ("blue", 0.12, 0.16, 0.25)]
    assert time_words(model, torch.zeros(8, 2), [], TOKENIZER) is None


def test_too_many_tokens_for_ctc_are_timed_by_the_path():
    log_probs = torch.log_softmax(torch.randn(2, 4), dim=-1)
    ctc = SimpleNamespace(log_softmax=lambda frames: log_probs[None])
    model = SimpleNamespace(ctc=ctc, blank_id=0, eos=3, feature_rate=25)
    best = Hypothesis(
        tokens=[1, 2, 1], score=0.0, parts={}, frames=[0, 0, 1], probabilities=[1.0, 1.0, 1.0]
    )
    found = time_words(model, torch.zeros(2, 2), [best], TOKENIZER)
    assert [word.word for word in found] == ["lay", "blue", "lay"]


def test_facts_count_what_has_no_text():
    def heard(*texts):
        return Recognition(utt_id="u", hypotheses=[], texts=[*texts], words=None, num_frames=50)

    found = {"a": heard("lay", ""), "b": heard(""), "c": heard(), "d": heard("blue")}
    texts = Texts(
        work=SimpleNamespace(model=SimpleNamespace(feature_rate=25)),
        dataset=SimpleNamespace(config=SimpleNamespace(target_lang="de")),
        found=found,
    )
    assert texts.facts() == {"target_lang": "de", "num_empty": 2}
    assert texts.seconds == 8.0
