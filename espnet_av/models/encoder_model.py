"""Models with an encoder over what front ends make of sound and lips: features of its layers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from espnet_av.compat import AbsEncoder
from espnet_av.models.abs_model import AVModel
from espnet_av.modules.encoder import layer_outputs, num_layers


class EncoderModel(AVModel):
    """Front ends -> `encoder`; the parts have the same names in all of them."""

    encoder: AbsEncoder

    @abstractmethod
    def embed(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """What the encoder gets when nothing is masked.

        Args:
            speech: (B, S) float at 16 kHz; None = no utterance has audio.
            speech_lengths: (B,) int64 samples, 0 = this utterance has none.
            video: (B, V, H, W) uint8 at 25 Hz; None = no utterance has video.
            video_lengths: (B,) int64 frames, 0 = this utterance has none.

        Returns:
            ((B, T, D), (B,) int64 frames on the CPU), at `feature_rate`.

        Raises:
            DataDirError: an utterance has nothing that the front ends take.
        """

    def layers(self) -> Sequence[int]:
        """See `AVModel`; the residual stream behind a layer, before the norm after the last."""
        return range(1, num_layers(self.encoder) + 1)

    def extract_features(
        self, batch: Mapping[str, Any], layers: Sequence[int | None]
    ) -> tuple[list[Tensor], Tensor]:
        """See `AVModel`."""
        embedded, lengths = self._embed_batch(batch)
        return self.run_encoder(embedded, lengths, layers), lengths

    def run_encoder(
        self, embedded: Tensor, lengths: Tensor, layers: Sequence[int | None]
    ) -> list[Tensor]:
        """What layers give for frames.

        Args:
            embedded: (B, T, D) from `embed`.
            lengths: (B,) int64 frames, on the CPU.
            layers: as in `extract_features`.

        Returns:
            (B, T, D) of each, arbitrary beyond each length.
        """
        return layer_outputs(self.encoder, embedded, lengths, layers)

    def collect_feats(self, **batch: Any) -> dict[str, Tensor]:
        """Input of the encoder (B, T, D) and its lengths, for ESPnet's statistics stage."""
        embedded, lengths = self._embed_batch(batch)
        return {"feats": embedded, "feats_lengths": lengths}

    def _embed_batch(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        names = ("speech", "speech_lengths", "video", "video_lengths")
        return self.embed(*(batch.get(name) for name in names))
