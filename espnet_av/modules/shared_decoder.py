"""One small transformer that fills in what was hidden of several kinds of input."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from espnet_av.modules.vit import VitConfig, VitLayers, init_xavier, token


class SharedDecoder(nn.Module):
    """Encoded tokens and mask tokens -> transformer -> values; called for one kind after another.

    Everything but the embedding of the kind and the last layer is the same for all kinds.

    Args:
        config: of the transformer.
        input_size: D of what encoders give.
        num_values: kind -> numbers to predict of each place.
    """

    def __init__(self, config: VitConfig, input_size: int, num_values: Mapping[str, int]) -> None:
        super().__init__()
        self.embed = nn.Linear(input_size, config.size)
        self.mask_emb = token(config.size)
        self.kinds = nn.ParameterDict({kind: token(config.size) for kind in num_values})
        self.transformer = VitLayers(config)
        self.heads = nn.ModuleDict(
            {kind: nn.Linear(config.size, count) for kind, count in num_values.items()}
        )
        init_xavier(self.embed)
        init_xavier(self.heads)

    def forward(
        self,
        kind: str,
        encoded: Tensor,
        masked: Tensor,
        positions: Tensor,
        valid: Tensor | None,
        places: Tensor,
    ) -> Tensor:
        """Predicts the values of some places.

        Args:
            kind: of input.
            encoded: (B, N, D), arbitrary where it is hidden.
            masked: (B, N) bool, True = hidden.
            positions: (N, D') of the size of this decoder.
            valid: (B, N) bool, True = there is something; None = everywhere.
            places: (M,) int64 of the flattened (B * N).

        Returns:
            (M, P).
        """
        tokens = torch.where(masked.unsqueeze(2), self.mask_emb, self.embed(encoded))
        tokens = tokens + positions + self.kinds[kind]
        mask = None if valid is None else valid[:, None, None]
        hidden = self.transformer(tokens, mask).flatten(0, 1)[places]
        values: Tensor = self.heads[kind](hidden)
        return values
