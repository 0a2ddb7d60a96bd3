"""torch's GRU, on a CPU by a faster path over packed sequences."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from espnet_av.ops.gru import gru_layer, packed_rows


class PackedGRU(nn.GRU):
    """GRU with the parameters, names and results of torch's; equal to rounding.

    The faster path is for packed sequences on a CPU that start from zero; everything else, such as
    a GPU, where cuDNN is faster still, goes to torch.
    """

    # torch gives types only to its overloads, which are about tensors and packed sequences.
    def forward(self, input: Any, hx: Any = None) -> Any:
        """As torch: a packed sequence -> (packed states of the last layer, last states)."""
        if hx is not None or not self._is_fast(input):
            return super().forward(input, hx)  # type: ignore[has-type]
        rows, last = packed_rows(input.batch_sizes), []
        x = input.data
        for layer in range(self.num_layers):
            if layer:
                x = F.dropout(x, self.dropout, self.training)
            x = gru_layer(x, rows, *self._layer_weights(layer))
            ends = [x[rows.last, : self.hidden_size]]
            if self.bidirectional:
                ends.append(x[: len(rows.last), self.hidden_size :])
            last += ends
        order = input.unsorted_indices
        states = torch.stack(last)
        states = states if order is None else states[:, order]
        return PackedSequence(x, *input[1:]), states

    def _is_fast(self, input: Any) -> bool:
        if not isinstance(input, PackedSequence) or not self.bias:
            return False
        weight, is_half = self.weight_ih_l0, torch.is_autocast_enabled("cpu")
        return (
            input.data.device.type == weight.device.type == "cpu"
            and weight.dtype in (torch.float32, torch.float64)
            and (is_half or input.data.dtype == weight.dtype)
        )

    def _layer_weights(self, layer: int) -> list[Tensor]:
        """`weight_ih`, `weight_hh`, `bias_ih`, `bias_hh` of a layer, (R, ...) over directions."""
        ends = ("", "_reverse") if self.bidirectional else ("",)
        return [
            torch.stack([getattr(self, f"{name}_l{layer}{end}") for end in ends])
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]


def use_packed_gru(module: nn.Module) -> None:
    """Makes every GRU inside a `PackedGRU`, with the weights that it has."""
    for part in module.modules():
        if type(part) is nn.GRU:
            # Another object would draw weights, and with that change those of the layers to come.
            part.__class__ = PackedGRU
