"""Span masks: exact against a loop for given numbers, equal in distribution to another loop."""

import numpy as np
import pytest
import torch
from oracles.span_masks import loop_spans, placed_by_hand

from espnet_av.ops.span_masking import equalise_masks, place_spans, start_spans

CASES = [
    {"start_prob": 0.08, "span": 10, "min_spans": 2},
    {"start_prob": 0.065, "span": 10, "min_spans": 2},
    {"start_prob": 0.06, "span": 5, "min_spans": 2},
    {"start_prob": 0.9, "span": 1, "min_spans": 0},
    {"start_prob": 0.0, "span": 3, "min_spans": 0},
]


def draw(lengths, generator=None, equal=False, **settings):
    generator = generator or torch.Generator().manual_seed(0)
    noise = torch.rand(len(lengths), max(lengths) + 1, generator=generator)
    mask = place_spans(torch.tensor(lengths), noise, **settings)
    if not equal:
        return mask
    return equalise_masks(mask, torch.rand(mask.shape, generator=generator))


@pytest.mark.parametrize("settings", CASES)
def test_given_numbers_give_the_spans_of_a_loop(settings):
    lengths = [0, 1, 2, 3, 4, 9, 10, 11, 19, 20, 21, 60]
    for seed in range(10):
        noise = torch.rand(len(lengths), 61, generator=torch.Generator().manual_seed(seed))
        mask = place_spans(torch.tensor(lengths), noise, **settings)
        for row, length, numbers in zip(mask, lengths, noise.tolist(), strict=True):
            assert row.tolist() == placed_by_hand(length, numbers, **settings)


def statistics(masks):
    """Of (N, T) masks: share by position; masked frames and runs of them in each."""
    masked = masks.sum(axis=1)
    runs = (np.diff(masks.astype(int), axis=1, prepend=0) == 1).sum(axis=1)
    return masks.mean(axis=0), masked, runs


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("settings", CASES[:4])
def test_same_distribution_as_a_loop(settings, equal):
    """Rows of 50 and 23 frames, in pairs so that `equal` has something to equalise."""
    pairs, rng = 1200, np.random.default_rng(1)
    expected = [loop_spans([50, 23], **settings, equal=equal, rng=rng) for _ in range(pairs)]
    # `equal` is over a batch: as many batches as pairs there, one batch of all rows otherwise.
    if equal:
        generator = torch.Generator().manual_seed(0)
        got = [draw([50, 23], generator, True, **settings).numpy() for _ in range(pairs)]
    else:
        rows = draw([50, 23] * pairs, **settings).numpy()
        got = rows.reshape(pairs, 2, 50)
    for row, length in ((0, 50), (1, 23)):
        masks, others = (np.stack([pair[row] for pair in kind]) for kind in (got, expected))
        assert not masks[:, length:].any()
        share, *counts = statistics(masks)
        expected_share, *expected_counts = statistics(others)
        deviation = np.sqrt((share * (1 - share) + 1e-3) * 2 / pairs)
        assert (np.abs(share - expected_share) < 4.5 * deviation).all()
        for one, two in zip(counts, expected_counts, strict=True):
            for ours, theirs in ((one, two), (one**2, two**2)):
                error = np.sqrt((ours.var() + theirs.var()) / pairs) + 1e-9
                assert abs(ours.mean() - theirs.mean()) < 4.5 * error


def test_published_share_of_masked_frames():
    """wav2vec 2.0 says about 49 % for its 0.065 and 10."""
    mask = draw([1000] * 64, **CASES[0])
    assert mask.float().mean().item() == pytest.approx(1 - 0.92**10, abs=0.01)
    assert draw([1000] * 64, **CASES[1]).float().mean().item() == pytest.approx(0.49, abs=0.01)


def test_equal_rows_have_equally_many_and_only_lose_frames():
    lengths = [100, 60, 80]
    free, equal = (draw(lengths, **CASES[0], equal=equal) for equal in (False, True))
    assert (equal.sum(1) == free.sum(1).min()).all()
    assert not (equal & ~free).any()
    assert len(set(free.sum(1).tolist())) > 1


def test_an_utterance_without_the_stream_takes_no_mask_from_the_others():
    """Sound alone in a batch of clips: its lips have no frame."""
    free, equal = (draw([100, 0, 80], **CASES[2], equal=equal) for equal in (False, True))
    fewest = min(free.sum(1)[[0, 2]].tolist())
    assert fewest > 0
    assert equal.sum(1).tolist() == [fewest, 0, fewest]
    assert not equalise_masks(torch.zeros(2, 9, dtype=torch.bool), torch.rand(2, 9)).any()


def test_padding_changes_nothing():
    noise = torch.rand(2, 41)
    lengths = torch.tensor([40, 25])
    mask = place_spans(lengths, noise, **CASES[0])
    assert torch.equal(mask[1:, :25], place_spans(lengths[1:], noise[1:, :26], **CASES[0]))


@pytest.mark.gpu
def test_the_device_gives_the_same(device):
    noise, lengths = torch.rand(8, 301), torch.randint(0, 301, (8,))
    for settings in CASES:
        expected = place_spans(lengths, noise, **settings)
        got = place_spans(lengths.to(device), noise.to(device), **settings)
        assert torch.equal(got.cpu(), expected)
        equal = equalise_masks(got, noise[:, 1:].to(device))
        assert torch.equal(equal.cpu(), equalise_masks(expected, noise[:, 1:]))


def test_starts_anywhere_give_the_spans_of_a_loop():
    lengths, noise = [0, 1, 5, 30], torch.rand(4, 30, generator=torch.Generator().manual_seed(0))
    mask = start_spans(torch.tensor(lengths), noise, start_prob=0.1, span=4)
    for row, length, numbers in zip(mask.tolist(), lengths, noise.tolist(), strict=True):
        starts = [t for t in range(30) if numbers[t] < 0.1]
        expected = [any(s <= t < s + 4 for s in starts) and t < length for t in range(30)]
        assert row == expected
    assert mask.any()


@pytest.mark.parametrize(
    ("start_prob", "span", "frames", "stacks"),
    [(0.01, 40, 0.33, 0.31), (0.02, 30, 0.45, None), (0.02, 40, 0.55, None)],
)
def test_share_of_masked_frames_and_of_stacks_of_four(start_prob, span, frames, stacks):
    """The shares of BEST-RQ's masks; the first frames, which few spans reach, are not counted."""
    noise = torch.rand(1500, 1640, generator=torch.Generator().manual_seed(0))
    lengths = torch.full((1500,), 1640)
    mask = start_spans(lengths, noise, start_prob=start_prob, span=span)[:, 40:]
    assert mask.float().mean().item() == pytest.approx(frames, abs=0.01)
    assert mask.float().mean().item() == pytest.approx(1 - (1 - start_prob) ** span, abs=0.01)
    if stacks:
        whole = mask.unflatten(1, (400, 4)).all(dim=2)
        assert whole.float().mean().item() == pytest.approx(stacks, abs=0.01)
