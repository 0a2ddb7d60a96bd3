"""Best-path decoding."""

import torch

from espnet_av.search.ctc_greedy import ctc_greedy


def one_hot(labels, num_labels=4):
    return torch.log_softmax(
        20.0 * torch.nn.functional.one_hot(torch.tensor(labels), num_labels).float(), dim=-1
    )


def test_merges_repeats_drops_blanks_and_says_where_tokens_begin():
    log_probs = one_hot([[1, 1, 0, 1, 2, 2, 0, 3], [0, 0, 3, 3, 1, 0, 0, 2]])
    first, second = ctc_greedy(log_probs, torch.tensor([8, 5]))
    assert (first.tokens, first.frames) == ([1, 1, 2, 3], [0, 3, 4, 7])
    assert (second.tokens, second.frames) == ([3, 1], [2, 4])


def test_score_is_the_path_probability_without_padding():
    log_probs = torch.log_softmax(torch.randn(2, 6, 5), dim=-1)
    log_probs[1, 4:] = -3.0
    first, second = ctc_greedy(log_probs, torch.tensor([6, 4]))
    assert abs(first.score - log_probs[0].amax(-1).sum().item()) < 1e-5
    assert abs(second.score - log_probs[1, :4].amax(-1).sum().item()) < 1e-5


def test_nothing_but_blank_is_an_empty_result():
    (found,) = ctc_greedy(one_hot([[2, 2, 2]]), torch.tensor([3]), blank=2)
    assert (found.tokens, found.frames) == ([], [])
