"""A layer of gated recurrent units against its equations, step by step, and its gradients."""

from functools import partial

import pytest
import torch

from espnet_av.ops.gru import gru_layer, packed_rows
from test.oracles.gru import gru_states

LENGTHS = {"one": [1], "equal": [3, 3], "falling": [5, 3, 3, 1], "one frame each": [1, 1]}


def batch_sizes(lengths):
    return torch.tensor([sum(length > t for length in lengths) for t in range(lengths[0])])


def some_layer(num_directions, size_in=3, size=2):
    torch.manual_seed(0)
    shapes = ((3 * size, size_in), (3 * size, size), (3 * size,), (3 * size,))
    return [torch.randn(num_directions, *shape, dtype=torch.float64) for shape in shapes]


def packed(clips):
    """(T, D) of each sequence, the longest first -> (N, D)."""
    frames = range(len(clips[0]))
    return torch.stack([clip[t] for t in frames for clip in clips if t < len(clip)])


@pytest.mark.parametrize("num_directions", [1, 2])
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_states_are_those_of_the_equations(lengths, num_directions):
    weights = some_layer(num_directions)
    clips = [torch.randn(length, 3, dtype=torch.float64) for length in lengths]
    out = gru_layer(packed(clips), packed_rows(batch_sizes(lengths)), *weights)
    wanted = []
    for clip in clips:
        states = [gru_states(clip, *(weight[0] for weight in weights))]
        if num_directions == 2:
            states.append(gru_states(clip.flip(0), *(weight[1] for weight in weights)).flip(0))
        wanted.append(torch.cat(states, dim=1))
    assert torch.allclose(out, packed(wanted), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("num_directions", [1, 2])
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_gradients(lengths, num_directions):
    weights = [weight.requires_grad_() for weight in some_layer(num_directions)]
    x = torch.randn(sum(lengths), 3, dtype=torch.float64, requires_grad=True)
    rows = packed_rows(batch_sizes(lengths))
    assert torch.autograd.gradcheck(partial(_of_tensors, rows), (x, *weights))


def _of_tensors(rows, x, *weights):
    return gru_layer(x, rows, *weights)


def test_a_second_derivative_is_refused():
    weights = [weight.requires_grad_() for weight in some_layer(1)]
    out = gru_layer(torch.ones(1, 3, dtype=torch.float64), packed_rows(torch.tensor([1])), *weights)
    grad = torch.autograd.grad(out.square().sum(), weights[0], create_graph=True)[0]
    with pytest.raises(RuntimeError, match="once_differentiable"):
        grad.sum().backward()


def test_where_frames_are():
    rows = packed_rows(torch.tensor([2, 2, 1]))
    assert rows.mirrored.tolist() == [4, 3, 2, 1, 0]
    assert rows.before.tolist() == [0, 1, 2, 3, 4]
    assert rows.last.tolist() == [4, 3]
