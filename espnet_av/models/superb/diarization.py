"""SD: who speaks when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.superb.config import DiarizationConfig
from espnet_av.models.superb.probe import ProbeModel
from espnet_av.modules.statistics import LOWER, Statistics, Weighted, mean_over
from espnet_av.ops.pit_loss import frame_errors, pit_loss

STATS = {"loss": LOWER, "der_frames": LOWER}
"""Nats a frame, the mean over talkers, in their best order; errors of frames in that order, of the
frames that talkers speak in: no diarization error rate, which is of turns after a filter."""


class DiarizationModel(ProbeModel):
    """Mixed states -> LSTM over time -> Linear: how likely each talker speaks in each frame.

    Args:
        config: see `DiarizationConfig`.
        sizes: it needs none.

    Raises:
        ConfigError: the model below has no layers.
    """

    config_class = DiarizationConfig
    stats = STATS
    predicts = ("activity", "frames")
    learns_from = "activity"
    config: DiarizationConfig

    def __init__(self, config: DiarizationConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.lstm = nn.LSTM(self.state_size, config.hidden_size, batch_first=True)
        self.head = nn.Linear(config.hidden_size, config.num_talkers)
        self.activity_median = config.median_frames

    def logits(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """((B, T, S), (B,) int64 frames on the CPU)."""
        mixed, lengths = self.mix(batch)
        # What comes after an utterance has no influence on it: the LSTM looks back alone.
        scores: Tensor = self.head(self.lstm(mixed)[0])
        return scores.float(), lengths

    def predict_activity(self, batch: Any) -> tuple[Tensor, Tensor]:
        """(B, T, S) probabilities and (B,) frames, of a `Batch`."""
        scores, lengths = self.logits(batch.as_dict())
        return scores.sigmoid(), lengths

    def forward(self, **batch: Any) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the loss of a batch.

        Args:
            batch: `speech` (B, S) float, `speech_lengths` (B,) int64, `activity` (B, T, S) float at
                `feature_rate` and `activity_lengths` (B,).

        Returns:
            (loss (), statistics, weight () = frames).

        Raises:
            DataDirError: an utterance has no sound, or more talkers than the model has outputs.
        """
        labels = self._talkers(batch)
        scores, lengths = self.logits(batch)
        # Features lose a frame at the end, or labels do.
        lengths = torch.minimum(lengths, batch["activity_lengths"].cpu())
        shared = min(scores.size(1), labels.size(1))
        scores, labels = scores[:, :shared], labels[:, :shared]
        found, count = pit_loss(scores, labels, lengths), float(lengths.sum())
        loss = found.loss.sum() / max(count, 1.0)
        with torch.no_grad():
            errors = frame_errors(scores > 0.0, found.labels, lengths)
        stats = {"loss": mean_over(loss, count), "der_frames": Weighted(errors[0], errors[1])}
        return loss, Statistics(STATS, stats), torch.full((), count, device=loss.device)

    def _talkers(self, batch: Mapping[str, Any]) -> Tensor:
        """(B, T, S) with as many talkers as there are outputs; who is not there is silent."""
        labels, most = self.target(batch), self.config.num_talkers
        if labels.size(2) > most:
            crowded = labels[:, :, most:].flatten(1).any(dim=1).tolist()
            if any(crowded):
                names = batch.get("utt_id") or list(range(len(labels)))
                msg = (
                    f"{names[crowded.index(True)]}: more than {most} talkers in rttm; set "
                    "model_conf.num_talkers to their number, or leave the utterance out"
                )
                raise DataDirError(msg)
            labels = labels[:, :, :most]
        return F.pad(labels, (0, most - labels.size(2)))
