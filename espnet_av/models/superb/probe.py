"""A frozen model below, and a learned mixture of its states: what all heads of SUPERB have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import AVModel, Sizes
from espnet_av.models.states import state_numbers
from espnet_av.models.superb.config import ProbeConfig
from espnet_av.models.upstream import build_upstream


class ProbeModel(AVModel):
    """Frozen model -> sum of what its first layer gets and each layer gives, by learned weights.

    The weights are a softmax that starts even. What is frozen is in evaluation: nothing of it is
    drawn, hidden or dropped, no batch changes it, and no gradient goes there.

    Args:
        config: see `ProbeConfig`.
        sizes: as the head needs them.

    Raises:
        ConfigError: the model below has no layers with numbers.
    """

    learns_from: ClassVar[str]
    """Field of a batch with what is to be predicted."""
    config: ProbeConfig

    def __init__(self, config: ProbeConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.upstream = build_upstream(config.upstream).requires_grad_(False)
        self.states = state_numbers(self.upstream, config.last_state)
        """Numbers of the states."""
        self.state_weights = nn.Parameter(torch.zeros(len(self.states)))
        self.train()

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        heard = "states" if self.config.states == "stored" else "speech"
        return frozenset({heard, self.learns_from})

    @property
    def predicts_from(self) -> frozenset[str]:
        """See `AVModel`: tests run the model below."""
        return frozenset({"speech"})

    @property
    def feature_rate(self) -> float:
        """See `AVModel`."""
        return self.upstream.feature_rate

    @property
    def state_size(self) -> int:
        """D of the states."""
        size: int = self.upstream.encoder.output_size()
        return size

    def train(self, mode: bool = True) -> Self:
        """As in torch, but that the model below stays in evaluation."""
        super().train(mode)
        self.upstream.eval()
        return self

    def layers(self) -> Sequence[int]:
        """See `AVModel`; those of the model below."""
        return self.upstream.layers()

    def extract_features(
        self, batch: Mapping[str, Any], layers: Sequence[int | None]
    ) -> tuple[list[Tensor], Tensor]:
        """See `AVModel`; those of the model below."""
        return self.upstream.extract_features(batch, layers)

    def collect_feats(self, **batch: Any) -> dict[str, Tensor]:
        """Features and their lengths, for ESPnet's statistics stage."""
        found: dict[str, Tensor] = self.upstream.collect_feats(**batch)
        return found

    def mix(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """The mixture of the states.

        Args:
            batch: fields as `forward` takes them; `states` (B, T, N, D) and `states_lengths` (B,)
                where they were stored.

        Returns:
            ((B, T, D), arbitrary beyond each length, (B,) int64 frames on the CPU).

        Raises:
            DataDirError: there are stored states, but not as many as the model below has.
        """
        with torch.no_grad():
            states, lengths = self._stored(batch) or self._computed(batch)
            if self.config.normalise_states:
                states = F.layer_norm(states, states.shape[-1:])
        return torch.einsum("n,btnd->btd", self.state_weights.softmax(dim=0), states), lengths

    def _computed(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """((B, T, N, D), (B,) frames on the CPU) by the model below."""
        states, lengths = self.upstream.extract_features(batch, self.states)
        return torch.stack(states, dim=2), lengths

    def _stored(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor] | None:
        """The same, of the batch; None: it has none."""
        states = batch.get("states")
        if states is None:
            return None
        expected = (len(self.states), self.state_size)
        if states.shape[2:] != expected:
            msg = (
                f"{batch.get('utt_id', ['the batch'])[0]}: {states.size(2)} states of "
                f"{states.size(3)} numbers, but {type(self.upstream).__name__} below has "
                f"{expected[0]} of {expected[1]}; store its own ('espnet-av decode --kind states')"
            )
            raise DataDirError(msg)
        return states.float(), batch["states_lengths"].cpu()

    def target(self, batch: Mapping[str, Any]) -> Tensor:
        """What is to be predicted.

        Raises:
            DataDirError: the batch has none.
        """
        found: Tensor | None = batch.get(self.learns_from)
        if found is None:
            msg = (
                f"{batch.get('utt_id', ['the batch'])[0]}: has no {self.learns_from}, from which "
                f"{type(self).__name__} learns; add it to the data dir and dump again (stage 3)"
            )
            raise DataDirError(msg)
        return found
