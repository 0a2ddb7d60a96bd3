"""Substitution of masked spans against a loop over runs that lists every admissible start."""

import itertools

import pytest
import torch

from espnet_av.ops.span_substitution import run_bounds, span_sources


def runs_of(row):
    """(start, end) of each run of True, by walking."""
    found, frame = [], 0
    for value, group in itertools.groupby(row.tolist()):
        size = len(list(group))
        if value:
            found.append((frame, frame + size))
        frame += size
    return found


def admissible(start, end, length):
    """Every start outside [start - size, end) of a clip; 0 if there is none."""
    forbidden = range(max(0, start - (end - start)), end)
    return [o for o in range(length) if o not in forbidden] or [0]


def draw(masks, lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(masks.shape, generator=generator)
    return span_sources(masks, torch.tensor(lengths), noise)


def random_masks(lengths, share, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(len(lengths), max(lengths), generator=generator) < share


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_every_run_is_copied_from_an_admissible_place(share):
    lengths = [20, 7, 1, 13, 0]
    for seed in range(30):
        masks = random_masks(lengths, share, seed)
        sources = draw(masks, lengths, seed)
        for row, length in enumerate(lengths):
            inside = masks[row, :length]
            expected = torch.arange(max(lengths))
            for start, end in runs_of(inside):
                origin = int(sources[row, start])
                assert origin in admissible(start, end, length)
                for frame in range(start, end):
                    expected[frame] = min(origin + frame - start, length - 1)
            assert torch.equal(sources[row], expected)


def test_starts_are_drawn_evenly():
    mask = torch.zeros(1, 12, dtype=torch.bool)
    mask[0, 5:7] = True
    allowed = admissible(5, 7, 10)
    assert allowed == [0, 1, 2, 7, 8, 9]
    drawn = draw(mask.expand(6000, -1), [10] * 6000)[:, 5]
    counts = torch.bincount(drawn, minlength=10)
    assert counts[[3, 4, 5, 6]].sum() == 0
    # 1000 expected, standard deviation 29
    assert (counts[allowed] - 1000).abs().max() < 150


def test_a_batch_of_one_is_no_special_case():
    mask = torch.zeros(1, 9, dtype=torch.bool)
    mask[0, 2:4] = True
    sources = draw(mask, [9])
    assert int(sources[0, 2]) in admissible(2, 4, 9)
    assert int(sources[0, 3]) == min(int(sources[0, 2]) + 1, 8)


def test_draws_follow_the_noise():
    masks = random_masks([40] * 4, 0.3, 0)
    assert torch.equal(draw(masks, [40] * 4, 1), draw(masks, [40] * 4, 1))
    assert not torch.equal(draw(masks, [40] * 4, 1), draw(masks, [40] * 4, 2))


def test_run_bounds_and_nothing_at_all():
    mask = torch.tensor([[1, 1, 0, 1, 0, 0]], dtype=torch.bool)
    begins, ends = run_bounds(mask)
    assert begins.tolist() == [[0, 0, 2, 3, 4, 4]]
    assert ends.tolist() == [[2, 2, 3, 4, 6, 6]]
    empty = torch.zeros(2, 0, dtype=torch.bool)
    assert draw(empty, [0, 0]).shape == (2, 0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_on_the_device():
    masks = random_masks([40] * 4, 0.3, 0).cuda()
    noise = torch.rand(masks.shape, device="cuda")
    sources = span_sources(masks, torch.full((4,), 40, device="cuda"), noise)
    assert torch.equal(sources[~masks], torch.arange(40, device="cuda").expand(4, -1)[~masks])
