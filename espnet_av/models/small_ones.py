"""Small tensors are made, large ones are on the meta device; and nothing is drawn."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_DRAWS = {
    *(Tensor.normal_, Tensor.uniform_, Tensor.random_, Tensor.bernoulli_, Tensor.exponential_),
    *(nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_),
}
_SIZED = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}
_CURVES = {torch.arange, torch.linspace, torch.hann_window}
_LONGEST_CURVE = 1 << 16
_LARGEST = 1 << 23
_ALL_TOGETHER = 1 << 26


class SmallOnes(TorchFunctionMode):
    """Makes a model whose shapes alone are looked at, in little memory and time.

    The meta device would do, but for most of what windows, filters and fresh weights are computed
    with torch has no meta kernels; it does it in Python, and loads its compiler: a second, and
    100 MB. What mixes both kinds of tensors raises a RuntimeError.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = _ALL_TOGETHER

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """As torch does, but for large tensors and draws."""
        kwargs = kwargs or {}
        if func in _DRAWS:
            return args[0] if args else kwargs["tensor"]
        if func in _SIZED and not self._is_small(_num_values(args, kwargs)):
            return func(*args, **{**kwargs, "device": "meta"})
        if func in _CURVES and any(abs(size) > _LONGEST_CURVE for size in _numbers(args, kwargs)):
            return func(*args, **{**kwargs, "device": "meta"})
        return func(*args, **kwargs)

    def _is_small(self, num_values: float) -> bool:
        if num_values > min(_LARGEST, self._left):
            return False
        self._left -= int(num_values)
        return True


def _numbers(args: Any, kwargs: dict[str, Any]) -> list[float]:
    return [value for value in (*args, *kwargs.values()) if isinstance(value, (int, float))]


def _num_values(args: Any, kwargs: dict[str, Any]) -> float:
    """Of a tensor whose shape is a sequence or one number after another."""
    shape = kwargs.get("size", args)
    if shape and isinstance(shape[0], (list, tuple)):
        shape = shape[0]
    return math.prod(int(size) for size in shape)
