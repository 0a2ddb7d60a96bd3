"""A layer of gated recurrent units in one piece: all its directions at once, gradients by hand.

`torch.nn.GRU` on a CPU makes some ten autograd nodes for each frame and direction, and the gradient
of each frame's slice is a whole sequence of zeros. Here a frame takes four calls for both
directions, backward three, and whatever does not wait for the frame before is one product over the
whole sequence. Sums are the same in another order: equal to rounding, not to the bit.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.amp import custom_bwd, custom_fwd
from torch.autograd.function import once_differentiable

from espnet_av.ops.product import affine


@dataclass(frozen=True)
class PackedRows:
    """Where the frames of packed sequences are: `(t, b)` of sequences sorted by falling length.

    Row `(t, b)` comes after all rows of earlier frames, as in `torch.nn.utils.rnn.PackedSequence`.
    """

    batch_sizes: list[int]
    """(T,) sequences that have frame t."""
    mirrored: Tensor
    """(N,) int64 row of frame `length - 1 - t` of the same sequence."""
    before: Tensor
    """(N,) int64 row of frame t - 1, counted after one row of a beginning for each sequence."""
    last: Tensor
    """(B,) int64 row of each sequence's last frame."""


def packed_rows(batch_sizes: Tensor) -> PackedRows:
    """(T,) int64 on the CPU, falling, at least 1 -> where each frame is."""
    sizes = batch_sizes.tolist()
    starts = batch_sizes.cumsum(0) - batch_sizes
    frame = torch.repeat_interleave(torch.arange(len(sizes)), batch_sizes)
    sequence = torch.arange(frame.numel()) - starts[frame]
    lengths = (batch_sizes.unsqueeze(1) > torch.arange(sizes[0])).sum(0)
    mirrored = starts[lengths[sequence] - 1 - frame] + sequence
    began = sizes[0] + starts[frame - 1] + sequence
    before = torch.where(frame == 0, sequence, began)
    return PackedRows(sizes, mirrored, before, starts[lengths - 1] + torch.arange(sizes[0]))


def gru_layer(
    x: Tensor,
    rows: PackedRows,
    input_weight: Tensor,
    hidden_weight: Tensor,
    input_bias: Tensor,
    hidden_bias: Tensor,
) -> Tensor:
    """Runs a layer over packed sequences that start from zero; a second direction goes backwards.

    Under autocast the products over the whole sequence are in its type, as those of linear layers;
    what goes from frame to frame is in float32. There is no second derivative.

    Args:
        x: (N, D) float32 or float64.
        rows: of the N frames.
        input_weight: (R, 3 * H, D) of R directions, 1 or 2; gates in the order reset, update, new.
        hidden_weight: (R, 3 * H, H).
        input_bias: (R, 3 * H).
        hidden_bias: (R, 3 * H).

    Returns:
        (N, R * H).
    """
    half = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None
    weights = (input_weight, hidden_weight, input_bias, hidden_bias)
    return _GRULayer.apply(x, rows, half, *weights)


class _GRULayer(torch.autograd.Function):
    """See `gru_layer`."""

    @staticmethod
    @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(
        ctx: Any,
        x: Tensor,
        rows: PackedRows,
        half: torch.dtype | None,
        input_weight: Tensor,
        hidden_weight: Tensor,
        input_bias: Tensor,
        hidden_bias: Tensor,
    ) -> Tensor:
        size = hidden_weight.size(2)
        read = _in_time(x, rows, len(input_weight))
        gates = _product(read, input_weight.transpose(1, 2), half)
        # The reset gate acts on the hidden part of the new state, its offset included.
        bias = torch.cat([hidden_bias[:, : 2 * size], torch.zeros_like(hidden_bias[:, :size])], 1)
        gates += (input_bias + bias).unsqueeze(1)
        new = gates[..., 2 * size :].clone()
        gates[..., 2 * size :] = hidden_bias[:, None, 2 * size :]
        hidden = _run(gates, new, hidden_weight, rows.batch_sizes)
        ctx.save_for_backward(read, gates, new, hidden, input_weight, hidden_weight)
        ctx.rows, ctx.half = rows, half
        return _as_given(hidden[:, rows.batch_sizes[0] :], rows)

    @staticmethod
    @custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        read, gates, new, hidden, input_weight, hidden_weight = ctx.saved_tensors
        rows, half = ctx.rows, ctx.half
        reset, update, inner = gates.chunk(3, dim=2)
        before = hidden.index_select(1, rows.before)
        num_directions, _, size = new.shape
        grad = torch.stack([part.contiguous() for part in grad.split(size, dim=1)])
        if num_directions == 2:
            grad[1] = grad[1, rows.mirrored]
        # Derivatives of the state after each gate's sum, for a gradient of 1 at the state.
        slope = (1.0 - update) * (1.0 - new * new)
        slopes = torch.stack(
            [
                slope * inner * reset * (1.0 - reset),
                (before - new) * update * (1.0 - update),
                slope * reset,
            ],
            dim=2,
        )
        _run_back(grad, slopes, update, hidden_weight, rows.batch_sizes)
        sums = slopes.flatten(2)
        hidden_grads = _product(sums.transpose(1, 2), before, half), sums.sum(1)
        slopes[:, :, 2] = grad * slope
        input_grads = _product(sums.transpose(1, 2), read, half), sums.sum(1)
        grad_x = _product(sums, input_weight, half)
        x = grad_x[0] + grad_x[1, rows.mirrored] if num_directions == 2 else grad_x[0]
        return x, None, None, input_grads[0], hidden_grads[0], input_grads[1], hidden_grads[1]


def _run(gates: Tensor, new: Tensor, hidden_weight: Tensor, batch_sizes: list[int]) -> Tensor:
    """From frame to frame; `gates` and `new` come without the hidden part and leave with it.

    Args:
        gates: (R, N, 3 * H) sums; then reset and update gate, and the hidden part of the new state.
        new: (R, N, H) sums; then the new state.
        hidden_weight: (R, 3 * H, H).
        batch_sizes: (T,).

    Returns:
        (R, B + N, H): a beginning of zeros, and the states.
    """
    (num_directions, num_rows, size), begun = new.shape, batch_sizes[0]
    hidden = new.new_empty(num_directions, begun + num_rows, size)
    state = hidden[:, :begun].zero_()
    recurrent = hidden_weight.transpose(1, 2)
    reset, update, inner = gates.chunk(3, dim=2)
    parts = (gates, gates[..., : 2 * size], reset, update, inner, new, hidden[:, begun:])
    frames = zip(*(part.split(batch_sizes, dim=1) for part in parts), strict=True)
    for num, (sums, both, r, z, hidden_part, n, out) in zip(batch_sizes, frames, strict=True):
        state = state[:, :num]
        sums.baddbmm_(state, recurrent)
        both.sigmoid_()
        n.addcmul_(r, hidden_part).tanh_()
        # n + z * (state - n)
        state = torch.lerp(n, state, z, out=out)
    return hidden


def _run_back(
    grad: Tensor, slopes: Tensor, update: Tensor, hidden_weight: Tensor, batch_sizes: list[int]
) -> None:
    """From frame to frame backwards.

    Args:
        grad: (R, N, H) of each state from outside; then from later frames too.
        slopes: (R, N, 3, H) of the state after each sum of the hidden part; then its gradient.
        update: (R, N, H) gate.
        hidden_weight: (R, 3 * H, H).
        batch_sizes: (T,).
    """
    parts = (grad, slopes, slopes.flatten(2), update)
    frames = list(zip(*(part.split(batch_sizes, dim=1) for part in parts), strict=True))
    for t in range(len(frames) - 1, -1, -1):
        state, slope, sums, z = frames[t]
        slope.mul_(state.unsqueeze(2))
        if t:
            earlier = frames[t - 1][0][:, : batch_sizes[t]]
            earlier.addcmul_(state, z).baddbmm_(sums, hidden_weight)


def _product(a: Tensor, b: Tensor, half: torch.dtype | None) -> Tensor:
    """(R, I, K), (R, K, J) -> (R, I, J) in the type of `a`, computed in `half` if there is one."""
    if half is not None:
        return torch.bmm(a.to(half), b.to(half)).to(a.dtype)
    return torch.stack([affine(one, other.T) for one, other in zip(a, b, strict=True)])


def _in_time(x: Tensor, rows: PackedRows, num_directions: int) -> Tensor:
    """(N, D) -> (R, N, D) as each direction reads it."""
    return torch.stack([x, x[rows.mirrored]]) if num_directions == 2 else x.unsqueeze(0)


def _as_given(states: Tensor, rows: PackedRows) -> Tensor:
    """(R, N, H) as each direction made them -> (N, R * H)."""
    if len(states) == 1:
        return states[0].clone()
    return torch.cat([states[0], states[1, rows.mirrored]], dim=1)
