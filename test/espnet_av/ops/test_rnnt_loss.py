"""The full transducer loss: all paths, torchaudio's loss, padding, precision, memory."""

import pytest
import torch
import torchaudio
from oracles.rnnt_paths import loop_losses

from espnet_av.ops import rnnt_arcs
from espnet_av.ops.rnnt_loss import rnnt_loss

FRAMES, TOKENS = torch.tensor([4, 5, 1, 3]), torch.tensor([3, 2, 3, 0])


def draw(frames=FRAMES, tokens=TOKENS, vocab_size=6, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (len(frames), int(frames.max()), int(tokens.max()) + 1, vocab_size)
    logits = 3.0 * torch.randn(shape, dtype=torch.float64, generator=generator)
    targets = torch.randint(1, vocab_size, (len(frames), shape[2] - 1), generator=generator)
    for row, length in zip(targets, tokens.tolist(), strict=True):
        row[length:] = -1
    return logits.to(dtype).requires_grad_(), targets


def gradient(losses, logits):
    """By the logits, each utterance weighted differently, one of them negatively."""
    weights = torch.linspace(-0.5, 1.5, len(losses), device=losses.device)
    return torch.autograd.grad((losses * weights).sum(), logits)[0]


@pytest.mark.parametrize("blank", [0, 5])
def test_loss_and_gradient_are_those_of_all_paths(blank):
    logits, targets = draw()
    targets = targets if blank == 0 else targets - 1
    expected = loop_losses(logits, targets, FRAMES, TOKENS, blank)
    losses = rnnt_loss(logits, targets, FRAMES, TOKENS, blank)
    assert torch.allclose(losses, expected, rtol=1e-12)
    found, wanted = gradient(losses, logits), gradient(expected, logits)
    assert torch.allclose(found, wanted, atol=1e-12)
    assert found[3, :, 1:].abs().sum() == found[2, 1:].abs().sum() == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_torchaudio_agrees(seed):
    generator = torch.Generator().manual_seed(seed)
    frames = torch.randint(1, 40, (5,), generator=generator)
    tokens = torch.randint(0, 20, (5,), generator=generator)
    logits, targets = draw(frames, tokens, vocab_size=17 + seed, dtype=torch.float32, seed=seed)
    losses = rnnt_loss(logits, targets, frames, tokens)
    theirs = torchaudio.functional.rnnt_loss(
        logits,
        targets.clamp(min=0).int(),
        frames.int(),
        tokens.int(),
        blank=0,
        reduction="none",
    )
    assert torch.allclose(losses, theirs, rtol=1e-5)
    assert torch.allclose(gradient(losses, logits), gradient(theirs, logits), atol=1e-3)


def test_float32_is_close_to_float64():
    frames, tokens = torch.tensor([120, 90]), torch.tensor([25, 30])
    exact, targets = draw(frames, tokens, vocab_size=50, dtype=torch.float64)
    wanted = rnnt_loss(exact, targets, frames, tokens)
    single = exact.detach().float().requires_grad_()
    losses = rnnt_loss(single, targets, frames, tokens)
    assert losses.dtype == torch.float32
    assert torch.allclose(losses.double(), wanted, rtol=1e-6)
    error = gradient(losses, single).double() - gradient(wanted, exact)
    assert error.abs().max() < 5e-6


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_lose_only_their_own_digits(dtype):
    logits, targets = draw(dtype=dtype)
    exact = logits.detach().double().requires_grad_()
    losses = rnnt_loss(logits, targets, FRAMES, TOKENS)
    wanted = rnnt_loss(exact, targets, FRAMES, TOKENS)
    assert losses.dtype == torch.float32
    assert torch.allclose(losses.double(), wanted, rtol=1e-6)
    found = gradient(losses, logits)
    assert found.dtype == dtype
    bits = torch.finfo(dtype).eps
    assert torch.allclose(found.double(), gradient(wanted, exact), atol=2 * bits, rtol=2 * bits)


def test_padding_and_neighbours_change_nothing():
    logits, targets = draw(dtype=torch.float32)
    wide = torch.full((4, 9, 8, 6), float("nan"))
    wide[:, :5, :4] = logits.detach()
    for b in range(4):
        wide[b, FRAMES[b] :], wide[b, :, TOKENS[b] + 1 :] = float("inf"), float("nan")
    wide.requires_grad_()
    padded = torch.nn.functional.pad(targets, (0, 4), value=-1)
    losses = rnnt_loss(wide, padded, FRAMES, TOKENS)
    wanted = rnnt_loss(logits, targets, FRAMES, TOKENS)
    assert torch.equal(losses, wanted)
    found = gradient(losses, wide)
    assert torch.equal(found[:, :5, :4], gradient(wanted, logits))
    assert found[:, 5:].abs().sum() == found[:, :, 4:].abs().sum() == 0.0
    for b in range(4):
        alone = logits[b : b + 1, : FRAMES[b], : TOKENS[b] + 1]
        text = targets[b : b + 1, : TOKENS[b]]
        loss = rnnt_loss(alone, text, FRAMES[b : b + 1], TOKENS[b : b + 1])
        assert torch.allclose(loss, losses[b : b + 1], rtol=1e-6)


@pytest.mark.parametrize("size", [1, 7, 50, 200])
def test_blocks_change_nothing(size, monkeypatch):
    logits, targets = draw()
    whole = rnnt_loss(logits, targets, FRAMES, TOKENS)
    wanted = gradient(whole, logits)
    monkeypatch.setitem(rnnt_arcs.BLOCK_SIZE, "cpu", size)
    losses = rnnt_loss(logits, targets, FRAMES, TOKENS)
    assert torch.allclose(losses, whole, rtol=1e-14)
    assert torch.allclose(gradient(losses, logits), wanted, atol=1e-15)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_gradient_may_take_the_place_of_the_logits(dtype):
    logits, targets = draw(dtype=dtype)
    wanted = gradient(rnnt_loss(logits, targets, FRAMES, TOKENS), logits)
    place = logits.detach().clone()
    made = place.requires_grad_()
    losses = rnnt_loss(made, targets, FRAMES, TOKENS, overwrite_logits=True)
    found = gradient(losses, made)
    assert torch.equal(found, wanted)
    assert found.data_ptr() == place.data_ptr()


def test_logits_that_are_still_needed_are_not_overwritten_unnoticed():
    logits, targets = draw()
    shared = logits * 1.0
    square = shared.square().sum()
    losses = rnnt_loss(shared, targets, FRAMES, TOKENS, overwrite_logits=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        (losses.sum() + square).backward()


def test_without_frames_the_loss_is_infinite_and_has_no_gradient():
    logits, targets = draw()
    frames = torch.tensor([4, 0, 1, 3])
    losses = rnnt_loss(logits, targets, frames, TOKENS)
    assert losses.isinf().tolist() == [False, True, False, False]
    found = gradient(losses, logits)
    assert found.isfinite().all()
    assert found[1].abs().sum() == 0.0


def test_a_token_that_cannot_be_said_makes_it_infinite():
    logits, targets = draw()
    with torch.no_grad():
        logits[0, :, 0, targets[0, 0]] = float("-inf")
    losses = rnnt_loss(logits, targets, FRAMES, TOKENS)
    assert losses.isinf().tolist() == [True, False, False, False]
    assert gradient(losses, logits)[0].abs().sum() == 0.0


@pytest.mark.gpu
def test_on_a_gpu(device):
    logits, targets = draw(dtype=torch.float32)
    there = logits.detach().to(device).requires_grad_()
    losses = rnnt_loss(there, targets.to(device), FRAMES, TOKENS)
    wanted = rnnt_loss(logits, targets, FRAMES, TOKENS)
    assert torch.allclose(losses.cpu(), wanted, rtol=1e-5)
    found = gradient(losses, there).cpu()
    assert torch.allclose(found, gradient(wanted, logits), atol=1e-5)
