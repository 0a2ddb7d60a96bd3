"""HuBERT: predict the unit of each masked frame."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.hubert.config import HubertConfig
from espnet_av.models.masked_audio import MaskedAudioModel, MaskedBatch
from espnet_av.modules.statistics import LOWER, PLAIN, Statistics, Weighted, mean_over
from espnet_av.modules.unit_prediction import UNIT_STATS, UnitLoss, UnitPrediction

STATS = {
    "loss": LOWER,
    **UNIT_STATS,
    "features_penalty": PLAIN,
    "masked": PLAIN,
}
"""The statistics.

Losses in nats per frame; `acc_*` is the share of frames whose best unit is the label; `masked` the
share of masked frames.
"""

_NO_UNITS = "hubert predicts units, but there are none; run the units stage (--units_dir)"


class HubertModel(MaskedAudioModel):
    """Convolutions -> span mask -> transformer -> unit of each frame.

    The loss is the sum of cross-entropies over the frames that count, divided by their number,
    plus the weighted features penalty; the weight is that number, so that the mean over
    micro-batches and ranks is exact, as with fairseq's sample size.

    Args:
        config: see `HubertConfig`.
        sizes: K, number of units.

    Raises:
        ConfigError: a component's configuration is wrong, or there are no units.
    """

    config_class = HubertConfig
    stats = STATS
    config: HubertConfig

    def __init__(self, config: HubertConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.units_head = UnitPrediction(
            config.feature_size,
            sizes.needed("units", _NO_UNITS),
            config.projection_size,
            config.temperature,
            config.unmasked_weight,
        )

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        return frozenset({"speech", "units"})

    def forward(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        units: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
        **_: Any,
    ) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the pre-training loss of a batch.

        Args:
            speech: (B, S) float at 16 kHz.
            speech_lengths: (B,) int64 samples.
            units: (B, T) int at `feature_rate`, -1 = no label.
            utt_id: names for error messages and for the masks of evaluation.

        Returns:
            (loss (), statistics, weight () = frames that the loss is averaged over,
            0 if none has a label).

        Raises:
            DataDirError: there are no units, or an utterance has no sound.
        """
        found = self.predict_units(self.encode_masked(speech, speech_lengths, utt_id), units)
        stats = {**found.stats, "loss": mean_over(found.loss, found.num_counted)}
        return found.loss, Statistics(STATS, stats), found.num_counted

    def predict_units(self, encoded: MaskedBatch, units: Tensor | None) -> UnitLoss:
        """The loss of masked prediction, with the penalty, and all statistics but `loss`.

        Args:
            encoded: behind the transformer.
            units: (B, T') int, -1 = no label; None: there are none.

        Raises:
            DataDirError: there are no units.
        """
        if units is None:
            msg = "the batch has no units; run the units stage and give its folder (--units_dir)"
            raise DataDirError(msg)
        found = self.units_head(encoded.hidden, encoded.conv.lengths, units, encoded.mask)
        num_frames = float(encoded.conv.lengths.sum())
        stats = {
            **found.stats,
            "features_penalty": mean_over(encoded.penalty, num_frames),
            "masked": Weighted(encoded.mask.sum(), num_frames),
        }
        loss = found.loss + self.config.features_penalty * encoded.penalty
        return UnitLoss(loss, found.num_counted, stats)
