"""Sound with masked spans through convolutions and transformer, and features without masks."""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.encoder_model import EncoderModel
from espnet_av.models.masked_audio.config import MaskedAudioConfig
from espnet_av.modules import AUDIO_FRONTENDS
from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.frontend.wave_frontend import WaveFeatures, WaveFrontend
from espnet_av.modules.span_mask import draw_span_mask
from espnet_av.modules.step_noise import StepNoise
from espnet_av.modules.wav2vec2_encoder import Wav2Vec2Encoder
from espnet_av.ops.feature_penalty import feature_penalty
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.stream_lengths import read_lengths

MASK = 0
"""Kind of random numbers that masks are drawn with; models number theirs from 1."""


class MaskedBatch(NamedTuple):
    """A batch on its way to a loss; frames at `feature_rate`."""

    conv: WaveFeatures
    """Features before projection and mask; its lengths are on the CPU."""
    hidden: Tensor
    """(B, T, D) output of the transformer, arbitrary beyond each length."""
    mask: Tensor
    """(B, T) bool, True = masked."""
    penalty: Tensor
    """() mean square of the convolutions' output."""


class MaskedFeatures(NamedTuple):
    """A batch on its way to the transformer."""

    conv: WaveFeatures
    """Features before projection and mask; its lengths are on the CPU."""
    features: Tensor
    """(B, T, D) what the transformer gets when spans are masked."""
    clean: Tensor
    """(B, T, D) the same without masks."""
    mask: Tensor
    """(B, T) bool, True = masked."""
    penalty: Tensor
    """() mean square of the convolutions' output."""

    def encoded(self, hidden: Tensor) -> MaskedBatch:
        """The same behind the transformer, whose output is `hidden` (B, T, D)."""
        return MaskedBatch(self.conv, hidden, self.mask, self.penalty)


class MaskedAudioModel(EncoderModel):
    """The part of wav2vec 2.0 and HuBERT that is kept for recognition, under the same names.

    Args:
        config: see `MaskedAudioConfig`.
        sizes: as far as they are known.
    """

    predicts: ClassVar[tuple[str, ...]] = ("frames",)
    config: MaskedAudioConfig
    encoder: Wav2Vec2Encoder

    def __init__(self, config: MaskedAudioConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        config_class, frontend_class = AUDIO_FRONTENDS[config.audio_frontend]
        conf = {**config.audio_frontend_conf, "frame_rate": config.frame_rate}
        where = f"audio_frontend_conf of {config.audio_frontend}"
        wave = frontend_class(build(config_class, conf, where), config.feature_size)
        self.frontend = nn.ModuleDict({"audio": wave})
        self.dropout = nn.Dropout(config.dropout_rate)
        self.mask_emb = nn.Parameter(torch.rand(config.feature_size))
        encoder = build_encoder(config.encoder, config.feature_size, config.encoder_conf, [])
        assert isinstance(encoder, Wav2Vec2Encoder)
        self.encoder = encoder
        self.span_mask = config.mask
        self._noise_of: tuple[int, ...] | None = None

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        return frozenset({"speech"})

    @property
    def feature_rate(self) -> float:
        """See `AVModel`."""
        return self.config.frame_rate

    @property
    def audio(self) -> WaveFrontend:
        """The convolutions and their projection."""
        wave = self.frontend["audio"]
        assert isinstance(wave, WaveFrontend)
        return wave

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """See `AVModel`: masks, targets and layerdrop."""
        self._noise_of = (seed, step, rank)
        self.encoder.set_step(step, rank, seed)

    def embed(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See `EncoderModel`: the projected features; lips are ignored."""
        conv = self._convolve(speech, speech_lengths, None)
        return self.dropout(self.audio.project(conv.normed)), conv.lengths

    def step_noise(self, device: torch.device, utt_id: Sequence[str] | None) -> StepNoise:
        """Random numbers of this forward pass."""
        return StepNoise(self._noise_of, device, self.training, utt_id)

    def encode_masked(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        utt_id: Sequence[str] | None,
    ) -> MaskedBatch:
        """Runs a batch with masked spans.

        Args:
            speech: (B, S) float at 16 kHz.
            speech_lengths: (B,) int64 samples.
            utt_id: names for error messages and for the masks of evaluation.

        Raises:
            DataDirError: an utterance has no sound.
        """
        masked = self.mask_features(speech, speech_lengths, utt_id)
        hidden, _, _ = self.encoder(masked.features, masked.conv.lengths)
        return masked.encoded(hidden)

    def mask_features(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        utt_id: Sequence[str] | None,
    ) -> MaskedFeatures:
        """What the transformer gets, with and without masked spans; arguments as above.

        Raises:
            DataDirError: an utterance has no sound.
        """
        conv = self._convolve(speech, speech_lengths, utt_id)
        lengths, num_frames, device = conv.lengths, conv.raw.size(1), conv.raw.device
        noise = self.step_noise(device, utt_id)
        mask = draw_span_mask(self.span_mask, noise, MASK, lengths, num_frames)
        clean = self.dropout(self.audio.project(conv.normed))
        filling = self.mask_emb.to(clean.dtype)
        features = torch.where(mask.unsqueeze(2), filling, clean)
        penalty = feature_penalty(conv.raw, valid_mask(lengths, num_frames, device))
        return MaskedFeatures(conv, features, clean, mask, penalty)

    def _convolve(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        utt_id: Sequence[str] | None,
    ) -> WaveFeatures:
        """Features before the projection, no longer than the longest utterance needs."""
        lengths = read_lengths(speech_lengths if speech is not None else None, None, utt_id)
        assert speech is not None
        return self.audio.extract(speech[:, : int(lengths.samples.max())], lengths.samples)
