"""Token and word times."""

import pytest
import torch

from espnet_av.search.alignment import TokenSpan, align_tokens, word_times


def peaked(labels, num_labels=5):
    one_hot = torch.nn.functional.one_hot(torch.tensor(labels), num_labels).float()
    return torch.log_softmax(10.0 * one_hot, dim=-1)


def test_spans_follow_the_peaks():
    spans = align_tokens(peaked([0, 1, 1, 0, 0, 1, 2, 0]), [1, 1, 2])
    assert [(span.token, span.start, span.end) for span in spans] == [
        (1, 1, 3),
        (1, 5, 6),
        (2, 6, 7),
    ]
    assert all(span.probability > 0.99 for span in spans)


def test_a_text_that_is_not_the_best_path_is_still_aligned():
    spans = align_tokens(peaked([0, 1, 0, 2, 0]), [1, 3])
    assert [span.token for span in spans] == [1, 3]
    assert spans[1].probability < 0.01


def test_too_few_frames_and_no_tokens():
    assert align_tokens(peaked([1, 2]), [1, 2, 3]) is None
    assert align_tokens(peaked([1, 1]), [1, 1]) is None  # a blank is needed between
    assert align_tokens(peaked([0, 0]), []) == []


@pytest.mark.parametrize(
    "pieces", [["▁lay", "▁b", "lu", "e"], ["▁", "lay", "▁", "blu", "e"]], ids=["joined", "separate"]
)
def test_words_from_pieces(pieces):
    spans = [TokenSpan(i, 2 * i, 2 * i + 1, 0.5) for i in range(len(pieces))]
    first, second = word_times(pieces, spans, 0.04)
    assert (first.word, second.word) == ("lay", "blue")
    begin = pieces.index("lay") if "lay" in pieces else 0
    assert first.start == pytest.approx(0.08 * begin)
    assert second.end == pytest.approx(0.04 * spans[-1].end)
    assert first.end <= second.start
    assert second.probability == 0.5
    assert word_times(pieces, spans, 0.02)[1].end == pytest.approx(second.end / 2)
