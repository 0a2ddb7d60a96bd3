"""Products of matrices on a CPU by the faster of the two libraries that torch has for them.

In single precision torch asks MKL, which leaves AVX-512 alone on processors that are not Intel's.
There oneDNN, whose convolutions torch uses anyway, takes half the time; torch reaches it in single
precision through one operator only, which is for compiled models. Sums are the same in another
order: equal to rounding, not to the bit.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from espnet_av.processor import mkl_holds_back

_LEAST_WORK = 2**20
"""Multiplications from which on oneDNN's longer start pays."""
Operator = Callable[..., Tensor]


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`torch.nn.functional.linear`; the faster way where no gradient is asked for.

    Args:
        x: (N, D), of any strides.
        weight: (K, D), likewise; a transposed one costs nothing.
        bias: (K,).

    Returns:
        (N, K).
    """
    work = x.size(0) * x.size(1) * weight.size(0)
    operator = _onednn() if work >= _LEAST_WORK and _fits(x, weight) else None
    if operator is None:
        return torch.nn.functional.linear(x, weight, bias)
    return operator(x, weight, bias, "none", [], "")


def _fits(*tensors: Tensor) -> bool:
    """Whether the operator takes them: on the CPU, in single precision, without a gradient."""
    if torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        return False
    return all(t.dtype == torch.float32 and t.device.type == "cpu" for t in tensors)


@cache
def _onednn() -> Operator | None:
    """The operator of oneDNN, where it is there and pays."""
    if not (mkl_holds_back() and torch.backends.mkldnn.is_available()):
        return None
    found: Any = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    return found  # type: ignore[no-any-return]
