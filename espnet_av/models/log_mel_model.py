"""What pre-training on log-mel features has in common: a recogniser's front end and encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.encoder_model import EncoderModel
from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.frontend.log_mel import LogMelConfig, LogMelFrontend
from espnet_av.modules.step_noise import StepNoise
from espnet_av.ops.stream_lengths import read_lengths


class Heard(NamedTuple):
    """Sound on its way to the encoder."""

    mels: Tensor
    """(B, 4 * T, M) normalised log-mel."""
    embedded: Tensor
    """(B, T, D) behind the convolutions."""
    lengths: Tensor
    """(B,) int64 frames, on the CPU."""


class LogMelModel(EncoderModel):
    """Log-mel -> convolutions -> encoder, with the names and parameters that a recogniser's have.

    The configuration has `audio_frontend_conf`, `feature_size`, `dropout_rate`, `encoder` and
    `encoder_conf`. What is drawn in a forward pass follows from the step.

    Args:
        config: of the model.
        sizes: it needs none.

    Raises:
        ConfigError: a component's configuration is wrong.
    """

    def __init__(self, config: Any, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        conf = build(LogMelConfig, config.audio_frontend_conf, "audio_frontend_conf of log_mel")
        self.frontend = nn.ModuleDict({"audio": LogMelFrontend(conf, config.feature_size)})
        self.dropout = nn.Dropout(config.dropout_rate)
        self.encoder = build_encoder(config.encoder, config.feature_size, config.encoder_conf, [])
        self.num_mels = conf.num_mels
        self._noise_of: tuple[int, ...] | None = None

    @property
    def audio(self) -> LogMelFrontend:
        """The front end."""
        audio = self.frontend["audio"]
        assert isinstance(audio, LogMelFrontend)
        return audio

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """See `AVModel`: what is hidden, and noise."""
        self._noise_of = (seed, step, rank)

    def step_noise(self, device: torch.device, utt_id: Sequence[str] | None) -> StepNoise:
        """Random numbers of this forward pass."""
        return StepNoise(self._noise_of, device, self.training, utt_id)

    def embed(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See `EncoderModel`: what the convolutions give; lips are ignored."""
        heard = self.hear(speech, speech_lengths, None)
        return heard.embedded, heard.lengths

    def hear(
        self, speech: Tensor | None, speech_lengths: Tensor | None, utt_id: Sequence[str] | None
    ) -> Heard:
        """Brings sound to the encoder, with nothing hidden.

        Raises:
            DataDirError: an utterance has no sound.
        """
        mels, frames = self.log_mels(speech, speech_lengths, utt_id)
        mels = self.audio.normalise(mels, frames)
        return Heard(mels, self.dropout(self.audio.embed(mels, frames)), frames)

    def log_mels(
        self, speech: Tensor | None, speech_lengths: Tensor | None, utt_id: Sequence[str] | None
    ) -> tuple[Tensor, Tensor]:
        """(B, 4 * T, M) log-mel no longer than the longest utterance needs, (B,) frames.

        Raises:
            DataDirError: an utterance has no sound.
        """
        lengths = read_lengths(speech_lengths if speech is not None else None, None, utt_id)
        assert speech is not None
        return self.audio.log_mels(speech[:, : int(lengths.samples.max())], lengths.samples)
