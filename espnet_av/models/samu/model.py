"""Semantic distillation: the vector of an utterance points where that of its sentence does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.abs_validator import AbsValidator
from espnet_av.models.encoder_model import EncoderModel
from espnet_av.models.encoder_start import encoder_is_frozen
from espnet_av.models.samu.config import SamuConfig
from espnet_av.models.samu.validator import CosineValidator
from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.feature_mask import hide_features
from espnet_av.modules.frontend.av_frontend import AVFrontend, Fused
from espnet_av.modules.sentence_head import SentenceHead
from espnet_av.modules.statistics import HIGHER, LOWER, PLAIN, Statistics, Weighted, mean_over
from espnet_av.modules.step_noise import StepNoise

STATS = {"loss": LOWER, "cosine": HIGHER, "masked": PLAIN}
"""The statistics: `cosine` with the teacher's vectors, `masked` the share of hidden frames."""
_STREAMS = ("speech", "speech_lengths", "video", "video_lengths")


class SamuModel(EncoderModel):
    """Front ends -> masks -> transformer -> attention pooling -> Linear -> tanh.

    loss = beta * (1 - cosine with the teacher's vector of the sentence), a mean over utterances,
    whose number is the weight. The teacher is not part of the model: its vectors are data, and
    have no gradient. Parts have the names of a recogniser's, so that one can start from another.

    Args:
        config: see `SamuConfig`.
        sizes: it needs none.

    Raises:
        ConfigError: a component's configuration is wrong.
    """

    config_class = SamuConfig
    stats = STATS
    predicts = ("vector", "frames")
    config: SamuConfig

    def __init__(self, config: SamuConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        size = config.feature_size
        self.frontend = AVFrontend(config)
        self.encoder = build_encoder(config.encoder, size, config.encoder_conf, [])
        self.mask_emb = nn.Parameter(torch.rand(size)) if config.feature_mask else None
        self.head = SentenceHead(size, config.vector_size)
        self._noise_of: tuple[int, ...] | None = None
        self._update: int | None = None

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`; with lips, sound or lips, whichever an utterance has."""
        return frozenset({"teacher"} if self.frontend.visual is not None else {"teacher", "speech"})

    @property
    def predicts_from(self) -> frozenset[str]:
        """See `AVModel`; the teacher's vectors are what those of speech are looked for among."""
        return self.reads

    @property
    def feature_rate(self) -> float:
        """See `AVModel`."""
        return self.config.frame_rate

    def validators(self) -> Sequence[AbsValidator]:
        """See `AVModel`."""
        return (CosineValidator(),)

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """See `AVModel`: masks, modality dropout and layerdrop."""
        self.frontend.set_step(step, rank, seed)
        self.encoder.set_step(step, rank, seed)
        self._noise_of = (seed, step, rank)

    def set_update(self, update: int) -> None:
        """See `AVModel`; it decides whether the encoder learns."""
        self._update = update

    def embed(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See `EncoderModel`: the fused features."""
        fused = self.frontend(speech, speech_lengths, video, video_lengths)
        return fused.features, fused.lengths

    def vectors(self, batch: Mapping[str, Any]) -> Tensor:
        """(B, E) of the utterances, with nothing masked; call it in eval mode.

        Args:
            batch: fields as `forward` takes them.

        Raises:
            DataDirError: an utterance has nothing that the front ends take.
        """
        fused = self.frontend(*(batch.get(name) for name in _STREAMS), batch.get("utt_id"))
        return self._pool(fused.features, fused.lengths)

    def predict_vectors(self, batch: Any) -> dict[str, Tensor]:
        """View -> (B, E): what was said, and the teacher's vector of the sentence."""
        fields = batch.as_dict()
        found = {"speech": self.vectors(fields)}
        return {**found, "text": fields["teacher"]} if "teacher" in fields else found

    def forward(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
        teacher: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
        **_: Any,
    ) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the distillation loss of a batch.

        Args:
            speech: (B, S) float at 16 kHz; None = no utterance has audio.
            speech_lengths: (B,) int64 samples, 0 = this utterance has none.
            video: (B, V, H, W) uint8 at 25 Hz; None = no utterance has video.
            video_lengths: (B,) int64 frames, 0 = this utterance has none.
            teacher: (B, E) float, the teacher's vectors, of any length.
            utt_id: names for error messages.

        Returns:
            (loss (), statistics, weight () = utterances).

        Raises:
            DataDirError: there is no vector, one of another size, or an utterance has nothing
                that the front ends take.
        """
        target = self._check_teacher(teacher)
        steps = self.config.freeze_encoder_steps
        frozen = encoder_is_frozen(self.training, self._update, steps)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            fused = self.frontend(speech, speech_lengths, video, video_lengths, utt_id)
            features, masked = self._hide(fused, utt_id)
            hidden, _, _ = self.encoder(features, fused.lengths)
        rows = fused.rows.to(target.device, non_blocking=True)
        vectors = self.head(hidden, fused.lengths).float()
        cosine = F.cosine_similarity(vectors, target[rows], dim=1).mean()
        loss = self.config.beta * (1.0 - cosine)
        weight = torch.full((), float(len(target)), device=loss.device)
        stats = {
            "loss": mean_over(loss, weight),
            "cosine": mean_over(cosine, weight),
            "masked": Weighted(masked, float(fused.lengths.sum())),
        }
        return loss, Statistics(STATS, stats), weight

    def _pool(self, features: Tensor, lengths: Tensor) -> Tensor:
        hidden, _, _ = self.encoder(features, lengths)
        vectors: Tensor = self.head(hidden, lengths)
        return vectors

    def _hide(self, fused: Fused, utt_id: Sequence[str] | None) -> tuple[Tensor, Tensor]:
        """Features (R, T, D) with masks in training, and how many frames () are hidden."""
        features, mask = fused.features, self.config.feature_mask
        if mask is None or self.mask_emb is None or not self.training:
            return features, torch.zeros((), device=features.device)
        noise = StepNoise(self._noise_of, features.device, self.training, utt_id)
        features, hidden = hide_features(mask, features, fused.lengths, self.mask_emb, noise)
        return features, hidden.sum()

    def _check_teacher(self, teacher: Tensor | None) -> Tensor:
        """The teacher's vectors as constants."""
        size = self.config.vector_size
        if teacher is None:
            msg = "the batch has no teacher's vectors; make them ('espnet-av vectors'), and dump"
            raise DataDirError(msg)
        if teacher.size(1) != size:
            msg = (
                f"the teacher's vectors have {teacher.size(1)} numbers, the model's {size}; set "
                f"vector_size: {teacher.size(1)}, or take the vectors of the right teacher"
            )
            raise DataDirError(msg)
        return teacher.detach().float()
