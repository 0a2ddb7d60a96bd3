"""The lattice's sum and its occupations are those of every path, one by one."""

import pytest
import torch
from oracles.rnnt_paths import loop_log_likelihood

from espnet_av.ops.rnnt_lattice import score_lattice

FRAMES = torch.tensor([5, 3, 1, 4, 5])
TOKENS = torch.tensor([2, 3, 3, 0, 1])
"""No order, one frame, an empty text; T = 5 and U = 3 are not the same utterance's."""


def draw(seed=0):
    generator = torch.Generator().manual_seed(seed)
    emit = torch.randn(5, 3, 5, dtype=torch.float64, generator=generator) - 2.0
    blank = torch.randn(5, 4, 5, dtype=torch.float64, generator=generator) - 2.0
    return emit.requires_grad_(), blank.requires_grad_()


def cut(emit, blank, number):
    num_frames, num_tokens = int(FRAMES[number]), int(TOKENS[number])
    return emit[number, :num_tokens, :num_frames], blank[number, : num_tokens + 1, :num_frames]


def test_sum_and_occupation_are_those_of_all_paths():
    emit, blank = draw()
    score = score_lattice(emit, blank, FRAMES, TOKENS)
    expected = torch.stack([loop_log_likelihood(*cut(emit, blank, b)) for b in range(5)])
    assert torch.allclose(score.log_likelihood, expected, rtol=1e-12)
    by_emit, by_blank = torch.autograd.grad(expected.sum(), (emit, blank))
    assert torch.allclose(score.emit_occupation, by_emit, atol=1e-12)
    assert torch.allclose(score.blank_occupation, by_blank, atol=1e-12)


def test_gradient_is_that_of_the_sum():
    def likelihood(emit, blank):
        return score_lattice(emit, blank, FRAMES, TOKENS).log_likelihood

    assert torch.autograd.gradcheck(likelihood, draw(), fast_mode=True)


def test_every_path_takes_each_token_once_and_each_frame_once():
    score = score_lattice(*draw(), FRAMES, TOKENS)
    for b in range(5):
        tokens, frames = score.emit_occupation[b].sum(1), score.blank_occupation[b].sum(0)
        assert tokens[: TOKENS[b]].sub(1.0).abs().lt(1e-12).all()
        assert frames[: FRAMES[b]].sub(1.0).abs().lt(1e-12).all()
        assert tokens[TOKENS[b] :].sum() == frames[FRAMES[b] :].sum() == 0.0


def test_what_is_beyond_the_lengths_is_never_read():
    emit, blank = draw()
    clean = score_lattice(emit, blank, FRAMES, TOKENS)
    with torch.no_grad():
        for b in range(5):
            emit[b, TOKENS[b] :], emit[b, :, FRAMES[b] :] = float("nan"), float("nan")
            blank[b, TOKENS[b] + 1 :], blank[b, :, FRAMES[b] :] = float("inf"), float("nan")
    dirty = score_lattice(emit, blank, FRAMES, TOKENS)
    for one, two in zip(clean, dirty, strict=True):
        assert torch.equal(one, two)
    dirty.log_likelihood.sum().backward()
    assert emit.grad.isfinite().all()
    assert blank.grad.isfinite().all()


@pytest.mark.parametrize("floor", [float("-inf"), -1e30])
def test_forbidden_arcs_cost_no_digit(floor):
    emit, blank = draw()
    with torch.no_grad():
        emit[0, 0, 1:3] = floor
        blank[0, 0, 3] = blank[0, 2, 1] = blank[1, 1, 0] = floor
    score = score_lattice(emit, blank, FRAMES, TOKENS)
    expected = torch.stack([loop_log_likelihood(*cut(emit, blank, b)) for b in range(5)])
    assert torch.allclose(score.log_likelihood, expected, atol=1e-8, rtol=0)
    score.log_likelihood.sum().backward()
    assert emit.grad.isfinite().all()
    assert emit.grad[0, 0, 1:3].abs().sum() == 0.0
    assert blank.grad[0, 0, 3] == 0.0


def test_no_path_is_minus_infinity_without_a_gradient():
    emit, blank = draw()
    with torch.no_grad():
        blank[0, 2, 4] = float("-inf")  # the last arc
    frames = FRAMES.clone()
    frames[3] = 0
    score = score_lattice(emit, blank, frames, TOKENS)
    assert score.log_likelihood.isinf().tolist() == [True, False, False, True, False]
    score.log_likelihood.sum().backward()
    assert emit.grad[[0, 3]].abs().sum() == blank.grad[[0, 3]].abs().sum() == 0.0
    assert blank.grad[1].abs().sum() > 0.0


def test_nothing_but_utterances_without_frames():
    emit, blank = torch.zeros(2, 1, 0, requires_grad=True), torch.zeros(2, 2, 0)
    score = score_lattice(emit, blank, torch.zeros(2).long(), torch.tensor([1, 0]))
    assert score.log_likelihood.tolist() == [float("-inf")] * 2
    score.log_likelihood.sum().backward()
    assert emit.grad.shape == (2, 1, 0)


def test_a_nan_inside_is_not_taken_for_no_path():
    emit, blank = draw()
    with torch.no_grad():
        blank[1, 0, 0] = float("nan")
    score = score_lattice(emit, blank, FRAMES, TOKENS)
    assert score.log_likelihood.isnan().tolist() == [False, True, False, False, False]


def test_long_lattices_keep_their_digits():
    """Shifting every arc by -20 shifts the sum by that for each arc, and nothing else."""
    generator = torch.Generator().manual_seed(0)
    emit = torch.randn(1, 40, 400, dtype=torch.float64, generator=generator)
    blank = torch.randn(1, 41, 400, dtype=torch.float64, generator=generator)
    lengths = torch.tensor([400]), torch.tensor([40])
    near = score_lattice(emit, blank, *lengths)
    far = score_lattice(emit - 20.0, blank - 20.0, *lengths)
    assert far.log_likelihood == pytest.approx(near.log_likelihood.item() - 20 * 440, rel=1e-12)
    assert torch.allclose(near.emit_occupation, far.emit_occupation, atol=1e-9)


def test_occupations_take_no_part_in_a_gradient():
    found = score_lattice(*draw(), FRAMES, TOKENS)
    assert found.log_likelihood.requires_grad
    assert not found.emit_occupation.requires_grad
    assert not found.blank_occupation.requires_grad
