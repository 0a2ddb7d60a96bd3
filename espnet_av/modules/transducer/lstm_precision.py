"""LSTMs in half precision on processors that have none."""

import logging
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import torch
from torch import Tensor

from espnet_av.ops.precision import full_precision
from espnet_av.processor import has_half_lstm

logger = logging.getLogger(__name__)
Output = TypeVar("Output")


def with_lstm_kernel(layers: Callable[[Tensor], Output], x: Tensor) -> Output:
    """What LSTM layers give, in full precision where the processor has none in autocast's.

    Args:
        layers: takes `x` alone; its weights are float32.
        x: (B, T, D) float.
    """
    if x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
        return layers(x)
    dtype = torch.get_autocast_dtype("cpu")
    if has_half_lstm(dtype):
        return layers(x)
    _name_once(dtype)
    with full_precision(x.device):
        return layers(x.float())


@cache
def _name_once(dtype: torch.dtype) -> None:
    logger.warning("no LSTM in %s on this processor: those layers run in float32", dtype)
