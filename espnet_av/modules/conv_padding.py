"""Keeping padding out of the convolutions inside ESPnet's encoders."""

from typing import Any

import torch
from torch import Tensor, nn

from espnet_av.ops.lengths import valid_mask


class ConvPadding:
    """Zeroes padded frames before each temporal convolution of an encoder, by forward hooks.

    ESPnet masks attention but not the convolutions of its Conformer family, so that the last
    frames of an utterance depend on what it is batched with. With this, a batch gives what each
    utterance gives alone. Weights and their names stay as they are.

    Args:
        encoder: ESPnet encoder, called with (B, T, D) features and (B,) lengths on the CPU; its
            convolutions see (B, C, T).
    """

    def __init__(self, encoder: nn.Module) -> None:
        self._mask: Tensor | None = None
        encoder.register_forward_pre_hook(self._remember)
        for module in encoder.modules():
            if isinstance(module, nn.Conv1d) and module.kernel_size[0] > 1:
                module.register_forward_pre_hook(self._apply)

    def _remember(self, _: nn.Module, args: tuple[Any, ...]) -> None:
        """Notes which frames of the coming batch are valid."""
        features, lengths = args[:2]
        self._mask = None
        if torch.any(lengths < features.size(1)):
            self._mask = valid_mask(lengths, features.size(1), features.device).unsqueeze(1)

    def _apply(self, _: nn.Module, args: tuple[Tensor]) -> tuple[Tensor] | None:
        """Zeroes the padding of what a convolution is about to see."""
        return None if self._mask is None else (args[0] * self._mask,)
