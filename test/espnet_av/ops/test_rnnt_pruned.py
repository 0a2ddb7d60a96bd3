"""The band is a way through the lattice, and the pruned loss is the sum over the paths inside."""

import pytest
import torch
from oracles.rnnt_paths import loop_losses

from espnet_av.ops.rnnt_lattice import LatticeScore
from espnet_av.ops.rnnt_loss import rnnt_loss
from espnet_av.ops.rnnt_pruned import Band, choose_band, pruned_loss
from espnet_av.ops.rnnt_simple import simple_score

FRAMES, TOKENS = torch.tensor([7, 6, 1, 3, 2]), torch.tensor([4, 5, 4, 0, 5])
VOCAB_SIZE = 6


def draw(seed=0, dtype=torch.float64):
    """Logits (5, 7, 6, V) of all nodes, targets, and the score of an additive joiner near them."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    am, lm = 2.0 * normal(5, 7, VOCAB_SIZE), 2.0 * normal(5, 6, VOCAB_SIZE)
    targets = torch.randint(1, VOCAB_SIZE, (5, 5), generator=generator)
    for row, length in zip(targets, TOKENS.tolist(), strict=True):
        row[length:] = -1
    logits = am[:, :, None] + lm[:, None] + normal(5, 7, 6, VOCAB_SIZE)
    score = simple_score(am, lm, targets, FRAMES, TOKENS, lm_only_scale=0.25)
    return logits.to(dtype), targets, score


def cells(logits, band):
    """(B, T, U + 1, V) -> (B, T, R, V); beyond the last row anything."""
    rows = band.rows()
    beyond = rows.ge(logits.size(2)).unsqueeze(3)
    index = rows.clamp(max=logits.size(2) - 1).unsqueeze(3).expand(-1, -1, -1, logits.size(3))
    return logits.gather(2, index).masked_fill(beyond, float("nan")).requires_grad_()


def nodes(band, number):
    """Set of (row, frame) inside an utterance's band."""
    return {
        (start + k, frame)
        for frame, start in enumerate(band.starts[number].tolist())
        for k in range(int(band.widths[number]))
    }


@pytest.mark.parametrize("prune_range", [2, 3, 4, 9])
@pytest.mark.parametrize("seed", range(3))
def test_loss_and_gradient_are_those_of_the_paths_inside(prune_range, seed):
    logits, targets, score = draw(seed)
    band = choose_band(score, FRAMES, TOKENS, prune_range)
    picked = cells(logits, band)
    losses = pruned_loss(picked, targets, band, FRAMES, TOKENS)
    whole = logits.requires_grad_()
    bands = [nodes(band, b) for b in range(5)]
    wanted = loop_losses(whole, targets, FRAMES, TOKENS, bands=bands)
    assert torch.allclose(losses, wanted, rtol=1e-9)
    (found,) = torch.autograd.grad(losses.sum(), picked)
    (expected,) = torch.autograd.grad(wanted.sum(), whole)
    spread = torch.zeros_like(whole)
    rows = band.rows()
    for b in range(5):
        for t in range(int(FRAMES[b])):
            for k in range(int(band.widths[b])):
                spread[b, t, rows[b, t, k]] += found[b, t, k]
    assert torch.allclose(spread, expected, atol=1e-9)
    assert found.isfinite().all()


@pytest.mark.parametrize("seed", range(3))
def test_a_wider_band_comes_closer_to_the_full_loss(seed):
    logits, targets, score = draw(seed)
    full = rnnt_loss(logits, targets, FRAMES, TOKENS)
    gaps = []
    for prune_range in (2, 3, 4, 5, 6, 50):
        band = choose_band(score, FRAMES, TOKENS, prune_range)
        losses = pruned_loss(cells(logits, band), targets, band, FRAMES, TOKENS)
        assert (losses >= full - 1e-9).all()
        gaps.append((losses - full).sum().item())
    assert gaps[0] > 0.1 > 1e-9 > gaps[-2] >= -1e-9
    assert abs(gaps[-1]) < 1e-9
    assert gaps[:4] == sorted(gaps[:4], reverse=True)


@pytest.mark.parametrize("prune_range", [2, 3, 5])
def test_a_path_can_follow_the_band(prune_range):
    generator = torch.Generator().manual_seed(prune_range)
    frames = torch.randint(1, 20, (64,), generator=generator)
    tokens = torch.randint(0, 30, (64,), generator=generator)
    # Occupations that no lattice has: the band must hold whatever it is told.
    emit, blank = (torch.rand(64, rows, 20, generator=generator) for rows in (30, 31))
    band = choose_band(LatticeScore(blank[:, 0, 0], emit, blank), frames, tokens, prune_range)
    assert band.size == band.widths.max()
    for starts, width, num_frames, num_tokens in zip(
        band.starts, band.widths.tolist(), frames.tolist(), tokens.tolist(), strict=True
    ):
        inside = starts[:num_frames]
        assert inside[0] == 0
        assert inside[-1] == num_tokens + 1 - width
        steps = inside.diff()
        assert ((steps >= 0) & (steps < max(width, 1))).all()
        needed = 2 if num_tokens else 1
        assert needed <= width <= num_tokens + 1
        assert width == min(prune_range, num_tokens + 1) or num_tokens > (prune_range - 1) * (
            num_frames - 1
        )


def test_the_band_follows_the_paths():
    """Logits that leave one path only: token u + 1 at frame 2 u + 1."""
    emit, blank = torch.full((1, 5, 12), -50.0), torch.zeros(1, 6, 12)
    from espnet_av.ops.rnnt_lattice import score_lattice

    for u in range(5):
        emit[0, u, 2 * u + 1], blank[0, u, 2 * u + 1] = 0.0, -50.0
    lengths = torch.tensor([12]), torch.tensor([5])
    band = choose_band(score_lattice(emit, blank, *lengths), *lengths, prune_range=2)
    visited = {(u, 2 * u) for u in range(5)} | {(u, 2 * u + 1) for u in range(5)}
    visited |= {(u + 1, 2 * u + 1) for u in range(5)} | {(5, 10), (5, 11)}
    assert visited <= nodes(band, 0)


def test_neighbours_and_padding_change_nothing():
    logits, targets, score = draw()
    band = choose_band(score, FRAMES, TOKENS, 3)
    assert band.widths.tolist() == [3, 3, 5, 1, 4], "tall lattices get more rows"
    losses = pruned_loss(cells(logits, band), targets, band, FRAMES, TOKENS)
    for b in range(5):
        frames, tokens = FRAMES[b], TOKENS[b]
        part = LatticeScore(
            score.log_likelihood[b : b + 1],
            score.emit_occupation[b : b + 1, :tokens, :frames],
            score.blank_occupation[b : b + 1, : tokens + 1, :frames],
        )
        alone = choose_band(part, frames[None], tokens[None], 3)
        assert torch.equal(alone.starts[0], band.starts[b, :frames])
        picked = cells(logits[b : b + 1, :frames, : tokens + 1], alone)
        loss = pruned_loss(picked, targets[b : b + 1, :tokens], alone, frames[None], tokens[None])
        assert torch.allclose(loss[0], losses[b], rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_precisions(dtype):
    logits, targets, score = draw(dtype=dtype)
    band = choose_band(score, FRAMES, TOKENS, 3)
    picked = cells(logits, band)
    losses = pruned_loss(picked, targets, band, FRAMES, TOKENS)
    exact = picked.detach().double().requires_grad_()
    wanted = pruned_loss(exact, targets, band, FRAMES, TOKENS)
    assert losses.dtype == torch.float32
    assert torch.allclose(losses.double(), wanted, rtol=1e-6)
    (found,) = torch.autograd.grad(losses.sum(), picked)
    (expected,) = torch.autograd.grad(wanted.sum(), exact)
    bits = torch.finfo(dtype).eps
    assert torch.allclose(found.double(), expected, atol=10 * bits)


def test_overwriting_gives_the_same_gradient():
    logits, targets, score = draw()
    band = choose_band(score, FRAMES, TOKENS, 3)
    gradients = []
    for overwrite in (False, True):
        picked = cells(logits, band)
        losses = pruned_loss(picked, targets, band, FRAMES, TOKENS, overwrite_logits=overwrite)
        gradients.append(torch.autograd.grad(losses.sum(), picked)[0].clone())
    assert torch.equal(*gradients)


def test_without_frames_it_is_infinite():
    logits, targets, score = draw()
    frames = torch.tensor([7, 0, 1, 3, 2])
    band = choose_band(score, frames, TOKENS, 3)
    picked = cells(logits, band)
    losses = pruned_loss(picked, targets, band, frames, TOKENS)
    assert losses.isinf().tolist() == [False, True, False, False, False]
    (found,) = torch.autograd.grad(losses.sum(), picked)
    assert found.isfinite().all()
    assert found[1].abs().sum() == 0.0


def test_rows_of_a_band():
    band = Band(torch.tensor([[0, 1]]), torch.tensor([3]), 3)
    assert band.rows().tolist() == [[[0, 1, 2], [1, 2, 3]]]
