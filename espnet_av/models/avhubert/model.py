"""Audio-visual masked unit prediction: AV-HuBERT, u-HuBERT and XLAVS-R by configuration."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert.config import AVHubertConfig
from espnet_av.models.avhubert.masking import (
    DrawnMasks,
    MaskEdits,
    audio_frames,
    draw_masks,
    masked_share,
)
from espnet_av.models.encoder_model import EncoderModel
from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.frontend.av_frontend import AVFrontend, Fused
from espnet_av.modules.statistics import LOWER, PLAIN, Statistics, mean_over
from espnet_av.modules.step_noise import StepNoise
from espnet_av.modules.unit_prediction import UNIT_STATS, UnitPrediction
from espnet_av.ops.feature_penalty import feature_penalty
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.stream_lengths import StreamLengths
from espnet_av.rates import FRAME_HZ

STATS = {
    "loss": LOWER,
    **UNIT_STATS,
    "features_penalty": PLAIN,
    "masked_audio": PLAIN,
    "masked_video": PLAIN,
}
"""The statistics.

Losses in nats per frame; `acc_*` is the share of frames whose best unit is the label; `masked_*`
the share of the frames of a stream that are hidden (`masked_audio` is that of the fused features
with `masking: feature`).
"""

_NO_UNITS = "avhubert predicts units, but there are none; run the units stage (--units_dir)"


class AVHubertModel(EncoderModel):
    """Front ends with masks -> modality dropout -> fusion -> transformer -> unit of each frame.

    Sound and lips are features at `frame_rate`; an utterance may have one of them only. A modality
    that dropout leaves out is not computed, but what was masked in it is predicted all the same.

    Args:
        config: see `AVHubertConfig`.
        sizes: K, number of units.

    Raises:
        ConfigError: a component's configuration is wrong, or there are no units.
    """

    config_class = AVHubertConfig
    stats = STATS
    predicts = ("frames",)
    config: AVHubertConfig

    def __init__(self, config: AVHubertConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        num_units = sizes.needed("units", _NO_UNITS)
        size = config.feature_size
        self.frontend = AVFrontend(config)
        self.encoder = build_encoder(config.encoder, size, config.encoder_conf, [])
        self.units_head = UnitPrediction(
            size, num_units, config.projection_size, config.temperature, config.unmasked_weight
        )
        # A masked filterbank is a learned filterbank; what has no such input is masked behind it.
        self.masks_filterbank = (
            config.masking == "input" and config.audio_frontend == "stacked_fbank"
        )
        self.mask_emb = nn.Parameter(
            torch.rand(self._audio_project().in_features if self.masks_filterbank else size)
        )
        self._noise_of: tuple[int, ...] | None = None

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`; and sound or lips, whichever an utterance has."""
        return frozenset({"units"})

    @property
    def feature_rate(self) -> float:
        """See `AVModel`."""
        return self.config.frame_rate

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """See `AVModel`: masks, modality dropout and layerdrop."""
        self.frontend.set_step(step, rank, seed)
        self.encoder.set_step(step, rank, seed)
        self._noise_of = (seed, step, rank)

    def forward(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
        units: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
        **_: Any,
    ) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the pre-training loss of a batch.

        Args:
            speech: (B, S) float at 16 kHz; None = no utterance has audio.
            speech_lengths: (B,) int64 samples, 0 = this utterance has none.
            video: (B, V, H, W) uint8 at 25 Hz; None = no utterance has video.
            video_lengths: (B,) int64 frames, 0 = this utterance has none.
            units: (B, T) int at `frame_rate`, -1 = no label.
            utt_id: names for error messages.

        Returns:
            (loss (), statistics, weight () = frames that the loss is averaged over,
            0 if none has a label).

        Raises:
            DataDirError: there are no units, an utterance has no modality, or two of different
                durations.
        """
        if units is None:
            msg = "the batch has no units; run the units stage and give its folder (--units_dir)"
            raise DataDirError(msg)
        lengths = self.frontend.read_lengths(speech, speech_lengths, video, video_lengths, utt_id)
        noise = StepNoise(self._noise_of, units.device, self.training, utt_id)
        masks = draw_masks(self.config, noise, lengths)
        fused = self._fuse(speech, video, lengths, masks)
        hidden, _, _ = self.encoder(fused.features, fused.lengths)
        rows = fused.rows.to(hidden.device, non_blocking=True)
        predicted = masks.predicted(self.config.frame_rate // FRAME_HZ)[rows]
        found = self.units_head(hidden, fused.lengths, units[rows], predicted)
        penalty = self._features_penalty(fused, len(units))
        # The mask vector of a batch without sound has no gradient else.
        loss = found.loss + self.config.features_penalty * penalty + 0.0 * self.mask_emb.sum()
        stats = {
            **found.stats,
            "loss": mean_over(loss, found.num_counted),
            "features_penalty": mean_over(penalty, float(fused.lengths[: len(units)].sum())),
            "masked_audio": masked_share(masks.audio, audio_frames(self.config, lengths)),
            "masked_video": masked_share(masks.video, lengths.video),
        }
        return loss, Statistics(STATS, stats), found.num_counted

    def embed(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See `EncoderModel`: the fused features."""
        lengths = self.frontend.read_lengths(speech, speech_lengths, video, video_lengths)
        fused = self._fuse(speech, video, lengths, None)
        return fused.features, fused.lengths

    def _fuse(
        self,
        speech: Tensor | None,
        video: Tensor | None,
        lengths: StreamLengths,
        masks: DrawnMasks | None,
    ) -> Fused:
        """Fused features, masked as configured."""
        filling = self.mask_emb
        if self.masks_filterbank:
            filling = self._audio_project()(filling)
        hides_input = masks if self.config.masking == "input" else None
        edits = MaskEdits(
            hides_input, filling, self.config.feature_grad_mult, self.masks_filterbank
        )
        fused = self.frontend.fuse(speech, video, lengths, edits)
        if masks is None or self.config.masking == "input":
            return fused
        hidden = masks.audio[fused.rows.to(masks.audio.device, non_blocking=True)]
        masked = torch.where(hidden.unsqueeze(2), filling.to(fused.features.dtype), fused.features)
        return dataclasses.replace(fused, features=masked)

    def _audio_project(self) -> nn.Linear:
        """The last layer of the audio front end."""
        assert self.frontend.audio is not None
        project = self.frontend.audio.project
        assert isinstance(project, nn.Linear)
        return project

    def _features_penalty(self, fused: Fused, num_utts: int) -> Tensor:
        """Mean square of the streams before the fusion; one that is left out counts as zeros."""
        parts = (self.frontend.audio, self.frontend.visual)
        num_streams = sum(part is not None for part in parts)
        features = fused.features
        inside = valid_mask(fused.lengths[:num_utts], features.size(1), features.device)
        streams = [stream for stream in fused.streams.values() if stream is not None]
        total = torch.stack([feature_penalty(stream, inside) for stream in streams]).sum()
        return total / num_streams
