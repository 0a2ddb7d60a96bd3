"""The part of an audio-visual recogniser that does not depend on how it spells its text."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from espnet_av.compat import CTC, AbsDecoder
from espnet_av.models.abs_model import Sizes
from espnet_av.models.encoder_model import EncoderModel
from espnet_av.models.encoder_start import encoder_is_frozen
from espnet_av.models.recogniser.config import RecogniserConfig
from espnet_av.models.recogniser.encoded import Encoded
from espnet_av.models.recogniser.units_losses import units_losses
from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.feature_mask import hide_features
from espnet_av.modules.frontend.av_frontend import AVFrontend, Fused
from espnet_av.modules.frontend.batch_norm import freeze_batch_norm
from espnet_av.modules.local_head import LocalHead
from espnet_av.modules.statistics import COUNT, HIGHER, LOWER, Statistics, Weighted
from espnet_av.modules.step_noise import StepNoise
from espnet_av.modules.transducer.abs_predictor import AbsPredictor
from espnet_av.modules.wav2vec2_encoder import Wav2Vec2Encoder
from espnet_av.ops.lengths import valid_mask
from espnet_av.padding import PAD_ID

SHARED_STATS = {
    "loss": LOWER,
    "loss_ctc": LOWER,
    "loss_interctc": LOWER,
    "loss_units": LOWER,
    "loss_audio_units": LOWER,
    "loss_visual_units": LOWER,
    "acc_units": HIGHER,
    "acc_audio_units": HIGHER,
    "acc_visual_units": HIGHER,
    "cer_ctc": LOWER,
    "ctc_impossible": COUNT,
}
"""Statistics of every recogniser.

Losses in nats per utterance; `acc_*units` is a share of frames; `audio_units` and `visual_units`
are of the heads on the front ends; `cer_ctc` is computed in evaluation only; `ctc_impossible`
counts utterances with more text than frames, which add nothing to the CTC loss.
"""

_NO_TEXT = "a recogniser learns from text; pass --token_dir (stage 8 makes it)"


class Recogniser(EncoderModel):
    """Front ends -> modality dropout -> fusion -> encoder -> CTC, frame labels, and what comes.

    Sound and lips are both features at `frame_rate`: T = samples // 640 = video frames at 25 Hz,
    twice as many at 50 Hz, or those of the audio front end `espnet`; frame labels have the same
    rate. Token ids follow ESPnet: 0 is the blank, the last one is start and end of sentence.

    Args:
        config: see `RecogniserConfig`.
        sizes: tokens; frame labels if one of the `units_weight` is above 0.

    Raises:
        ConfigError: a component's configuration is wrong, or a size is missing.
    """

    config_class = RecogniserConfig
    stats = SHARED_STATS
    predicts = ("text", "frames")
    token_layers: ClassVar[tuple[str, ...]] = ("ctc.ctc_lo",)
    unit_layers = (
        "units_head",
        "frontend_heads.audio.project",
        "frontend_heads.visual.project",
    )
    config: RecogniserConfig

    def __init__(self, config: RecogniserConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.vocab_size = vocab_size = sizes.needed("vocab", _NO_TEXT)
        self.blank_id = 0
        self.sos = self.eos = vocab_size - 1
        self.decoder: AbsDecoder | None = None
        """Attention decoder, where there is one."""
        self.predictor: AbsPredictor | None = None
        """Of a transducer."""
        self.update: int | None = None
        """Optimiser step (from 0) that comes next; None = the training loop does not say."""
        self.frontend = AVFrontend(config)
        self.encoder = build_encoder(
            config.encoder, config.feature_size, config.encoder_conf, config.interctc_layers
        )
        size = self.encoder.output_size()
        self.ctc: CTC | None = CTC(vocab_size, size) if config.ctc_weight > 0.0 else None
        # Here, because optimisers store their moments in the order of the parameters.
        self.build_text_branch(size)
        self.dropout = nn.Dropout(config.output_dropout_rate)
        self.units_head: nn.Linear | None = None
        if config.units_weight > 0.0:
            self.units_head = nn.Linear(size, _num_units("units_weight", sizes))
        self.frontend_heads = nn.ModuleDict()
        if config.frontend_units_weight > 0.0:
            count = _num_units("frontend_units_weight", sizes)
            for name in ("audio", "visual"):
                if getattr(config, f"{name}_frontend") != "none":
                    self.frontend_heads[name] = LocalHead(config.feature_size, count)
        hides = config.feature_mask is not None
        self.mask_emb = nn.Parameter(torch.rand(config.feature_size)) if hides else None
        self._noise_of: tuple[int, ...] | None = None
        self.train()

    @abstractmethod
    def build_text_branch(self, encoder_size: int) -> None:
        """Makes the modules that read text off the encoder's output, besides CTC."""

    @abstractmethod
    def text_loss(
        self, encoded: Encoded, text: Tensor, text_lengths: Tensor
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """Loss of the transcripts.

        Args:
            encoded: encoder output of R rows; the first ones are the utterances, once each.
            text: (R, L) int64, -1 beyond the length.
            text_lengths: (R,) int64 on the CPU.

        Returns:
            (mean over the rows (), statistics by name).
        """

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        weights = (self.config.units_weight, self.config.frontend_units_weight)
        return frozenset({"text", "units"} if any(weights) else {"text"})

    @property
    def feature_rate(self) -> float:
        """See `AVModel`."""
        return self.frontend.clock.rate

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """See `AVModel`; without this call torch's default CPU generator is drawn from."""
        self.frontend.set_step(step, rank, seed)
        self._noise_of = (seed, step, rank)
        if isinstance(self.encoder, Wav2Vec2Encoder):
            self.encoder.set_step(step, rank, seed)

    def set_update(self, update: int) -> None:
        """See `AVModel`; it decides whether the encoder learns."""
        self.update = update

    def train(self, mode: bool = True) -> Self:
        """As in torch, but that frozen batch norm stays in evaluation."""
        super().train(mode)
        if self.config.freeze_batch_norm:
            freeze_batch_norm(self.frontend)
        return self

    def forward(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
        text: Tensor | None = None,
        text_lengths: Tensor | None = None,
        units: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
        **_: Any,
    ) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the training loss of a batch.

        Args:
            speech: (B, S) float at 16 kHz; None = no utterance has audio.
            speech_lengths: (B,) int64, 0 = this utterance has none.
            video: (B, V, H, W) uint8 at 25 Hz; None = no utterance has video.
            video_lengths: (B,) int64, 0 = this utterance has none.
            text: (B, L) int64 token ids.
            text_lengths: (B,) int64.
            units: (B, T) int64 frame labels at `frame_rate`, -1 = none.
            utt_id: names for error messages.

        Returns:
            (loss (), statistics, weight () = utterances that the loss is averaged
            over).

        Raises:
            DataDirError: an utterance has no modality, or two of different durations.
        """
        assert text is not None, "training needs text"
        assert text_lengths is not None, "training needs text_lengths"
        # Read before the encoder is queued: later, the host would wait for it.
        text_lengths = text_lengths.cpu()
        inside = valid_mask(text_lengths, text.size(1), text.device)
        text = torch.where(inside, text, PAD_ID)
        encoded = self.encode(speech, speech_lengths, video, video_lengths, utt_id)
        rows = encoded.fused.rows
        loss, stats = self.text_loss(encoded, text[rows.to(text.device)], text_lengths[rows])
        if units is None:
            units = torch.full((text.size(0), 1), PAD_ID, device=encoded.out.device)
        heads = (self.units_head, self.frontend_heads)
        for units_loss, found in units_losses(self.config, *heads, encoded, units):
            loss, stats = loss + units_loss, stats | found
        stats["loss"] = encoded.per_utterance(loss)
        weight = torch.full((), float(text.size(0)), device=loss.device)
        return loss, Statistics(self.stats, stats), weight

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

    def encode(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        video: Tensor | None,
        video_lengths: Tensor | None,
        utt_id: Sequence[str] | None = None,
    ) -> Encoded:
        """Runs front ends, fusion and encoder; arguments as in `forward`."""
        steps = self.config.freeze_encoder_steps
        frozen = encoder_is_frozen(self.training, self.update, steps)
        learns = torch.is_grad_enabled() and not frozen
        with torch.set_grad_enabled(learns):
            fused = self.frontend(speech, speech_lengths, video, video_lengths, utt_id)
            out, _, _ = self.encoder(self._hide(fused, utt_id), fused.lengths)
        # With intermediate outputs ESPnet returns (last, [(layer, output), ...]).
        out, intermediate = out if isinstance(out, tuple) else (out, [])
        return Encoded(self.dropout(out), fused.lengths, intermediate, fused)

    def _hide(self, fused: Fused, utt_id: Sequence[str] | None) -> Tensor:
        """(R, T, D) what the encoder gets: in training, with masks."""
        mask = self.config.feature_mask
        if mask is None or self.mask_emb is None or not self.training:
            return fused.features
        noise = StepNoise(self._noise_of, fused.features.device, self.training, utt_id)
        return hide_features(mask, fused.features, fused.lengths, self.mask_emb, noise)[0]


def _num_units(option: str, sizes: Sizes) -> int:
    """The number of frame labels, which `option` needs."""
    reason = (
        f"{option} is set, but there are no frame labels; make units.txt from the ctm in the "
        f"tokens stage, or set {option}: 0"
    )
    return sizes.needed("units", reason)
