"""AV-MAE: a Conformer hears, a ViT sees, one small decoder fills in what both did not get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.av_mae.config import AVMaeConfig
from espnet_av.models.av_mae.filling import Filling, Hidden, filling_loss, hidden_of
from espnet_av.models.av_mae.films import read_films
from espnet_av.models.av_mae.matching import match_views
from espnet_av.models.encoder_model import EncoderModel
from espnet_av.modules.dropped_frames import encode_kept
from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.frontend.log_mel import SUBSAMPLING, LogMelConfig, LogMelFrontend
from espnet_av.modules.shared_decoder import SharedDecoder
from espnet_av.modules.statistics import (
    HIGHER,
    LOWER,
    PLAIN,
    Statistics,
    Weighted,
    mean_over,
)
from espnet_av.modules.step_noise import StepNoise
from espnet_av.modules.vit import FilmEncoder, GridPositions
from espnet_av.ops.exact_mask import mask_exactly
from espnet_av.ops.frame_stacking import stack_frames
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.patches import normalise_each
from espnet_av.ops.sincos_positions import sincos_line
from espnet_av.ops.stream_lengths import read_lengths

VIEWS = ("speech", "film")
"""Kinds of input, and names of the vectors."""

STATS = {
    "loss": LOWER,
    "loss_mae": LOWER,
    "loss_speech": LOWER,
    "loss_film": LOWER,
    "speech_of_mean": LOWER,
    "film_of_mean": LOWER,
    "loss_clr": LOWER,
    "clr_of_chance": LOWER,
    "acc_clr": HIGHER,
    "masked_speech": PLAIN,
    "masked_film": PLAIN,
    "scale": PLAIN,
}
"""The statistics.

`loss_speech` and `loss_film` are square differences of hidden values, `loss_mae` their sum;
`*_of_mean` is their ratio to those of predicting the mean of what is hidden: a model that has
learnt anything is below 1. `loss_clr` in nats a pair, `clr_of_chance` its ratio to ln(pairs): 1
where it tells nothing. `acc_clr` is the share of partners found, in both directions; `masked_*`
that of what is hidden; `scale` what similarities are multiplied by.
"""


class Heard(NamedTuple):
    """Sound on its way to the encoder."""

    mels: Tensor
    """(B, 4 * T, M) normalised log-mel."""
    embedded: Tensor
    """(B, T, D) behind the convolutions."""
    lengths: Tensor
    """(B,) int64 frames, on the CPU."""


class AVMaeModel(EncoderModel):
    """MAE and CLR on sound and film (arXiv 2403.19822).

    loss = square differences of what is hidden of the sound + those of the film + clr_weight * nats
    a pair; each utterance counts the same, so that the weight is their number and means over
    micro-batches and processes are exact. The pairs of all processes are each other's negatives.

    Front end and encoder have the names and parameters that a recogniser's have; all else is for
    pre-training alone.

    Args:
        config: see `AVMaeConfig`.
        sizes: it needs none.

    Raises:
        ConfigError: a component's configuration is wrong.
    """

    config_class = AVMaeConfig
    stats = STATS
    predicts = ("frames",)
    config: AVMaeConfig

    def __init__(self, config: AVMaeConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        conf = build(LogMelConfig, config.audio_frontend_conf, "audio_frontend_conf of log_mel")
        self.frontend = nn.ModuleDict({"audio": LogMelFrontend(conf, config.feature_size)})
        self.dropout = nn.Dropout(config.dropout_rate)
        self.encoder = build_encoder(config.encoder, config.feature_size, config.encoder_conf, [])
        size, vit = self.encoder.output_size(), config.film_encoder
        self.speech_up = nn.Sequential(nn.Linear(size, vit.size), nn.LayerNorm(vit.size))
        self.film_encoder = FilmEncoder(config.film, vit)
        if config.has_mae:
            counts = (SUBSAMPLING * conf.num_mels, config.film.num_values)
            values = dict(zip(VIEWS, counts, strict=True))
            self.filler = SharedDecoder(config.decoder, vit.size, values)
            self.film_positions = GridPositions(
                config.film, config.decoder.size, config.decoder.positions
            )
        if config.has_clr:
            # Of one axis: sharded training takes no parameter without any.
            start = torch.full((1,), math.log(1.0 / config.temperature))
            self.logit_scale = nn.Parameter(start, requires_grad=config.learn_temperature)
        self._noise_of: tuple[int, ...] | None = None

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        return frozenset(VIEWS)

    @property
    def predicts_from(self) -> frozenset[str]:
        """See `AVModel`: features are those of the sound."""
        return frozenset({"speech"})

    @property
    def audio(self) -> LogMelFrontend:
        """The front end."""
        audio = self.frontend["audio"]
        assert isinstance(audio, LogMelFrontend)
        return audio

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """See `AVModel`: what is hidden."""
        self._noise_of = (seed, step, rank)

    def step_noise(self, utt_id: Sequence[str] | None) -> StepNoise:
        """Random numbers of this forward pass, on the CPU: masks are drawn there."""
        return StepNoise(self._noise_of, torch.device("cpu"), self.training, utt_id)

    def embed(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """See `EncoderModel`: what the convolutions give; lips are ignored."""
        heard = self._hear(speech, speech_lengths, None)
        return heard.embedded, heard.lengths

    def forward(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        film: Tensor | None = None,
        film_lengths: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
        **_: Any,
    ) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the pre-training loss of a batch.

        Args:
            speech: (B, S) float at 16 kHz.
            speech_lengths: (B,) int64 samples.
            film: (B, F, H, W, 3) uint8, all of the size that the model sees.
            film_lengths: (B,) int64 frames.
            utt_id: names for error messages and for the masks of evaluation.

        Returns:
            (loss (), statistics, weight () = utterances).

        Raises:
            DataDirError: an utterance has no sound, no film, or one of another size.
        """
        patches = read_films(film, film_lengths, utt_id, self.config.film)
        heard = self._hear(speech, speech_lengths, utt_id)
        loss = torch.zeros((), device=heard.embedded.device)
        stats: dict[str, Weighted] = {}
        weight = torch.full((), float(len(patches)), device=loss.device)
        if self.config.has_mae:
            loss = loss + self._fill_in(heard, patches, utt_id, stats)
        if self.config.has_clr:
            films = self.film_encoder.frames(patches).mean(dim=1)
            pair = (self._speech_vectors(heard), films)
            matching = match_views(*pair, self.logit_scale.squeeze(), self.training)
            loss, stats = loss + self.config.clr_weight * matching.loss, stats | matching.stats
        stats["loss"] = mean_over(loss, weight)
        return loss, Statistics(STATS, stats), weight

    def _fill_in(
        self,
        heard: Heard,
        patches: Tensor,
        utt_id: Sequence[str] | None,
        stats: dict[str, Weighted],
    ) -> Tensor:
        """Loss () of what is hidden; the decoder is called for one kind after the other."""
        noise, num_utts = self.step_noise(utt_id), float(len(patches))
        boxes = torch.full((len(patches),), patches.size(1))
        found = {
            "speech": self._fill_speech(heard, self._hide(noise, 0, heard.lengths), stats),
            "film": self._fill_film(patches, self._hide(noise, 1, boxes), stats),
        }
        for kind, filling in found.items():
            stats[f"loss_{kind}"] = mean_over(filling.loss, num_utts)
            stats[f"{kind}_of_mean"] = filling.against_mean
        loss = found["speech"].loss + found["film"].loss
        stats["loss_mae"] = mean_over(loss, num_utts)
        return loss

    def _hide(self, noise: StepNoise, kind: int, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N) bool masks and (B,) lengths, on the CPU."""
        numbers = noise.frames(kind, lengths, int(lengths.max()), 1).squeeze(2)
        return mask_exactly(lengths, numbers, self.config.mask_ratio), lengths

    def _fill_speech(
        self, heard: Heard, drawn: tuple[Tensor, Tensor], stats: dict[str, Weighted]
    ) -> Filling:
        frames, lengths, (masked, _) = heard.embedded, heard.lengths, drawn
        hidden = hidden_of(*drawn, frames.device)
        if self.config.masked_speech == "drop":
            encoded = encode_kept(self.encoder, frames, lengths, masked)
        else:
            frames = torch.where(hidden.masked.unsqueeze(2), 0.0, frames)
            encoded = self.encoder(frames, lengths)[0]
        valid = None
        if bool((lengths < frames.size(1)).any()):
            valid = valid_mask(lengths, frames.size(1), frames.device)
        positions = sincos_line(frames.size(1), self.config.decoder.size, frames.device)
        stats["masked_speech"] = hidden.share
        up, targets = self.speech_up(encoded), stack_frames(heard.mels, SUBSAMPLING)
        return self._filled("speech", up, hidden, positions, valid, targets)

    def _fill_film(
        self, patches: Tensor, drawn: tuple[Tensor, Tensor], stats: dict[str, Weighted]
    ) -> Filling:
        masked, lengths = drawn
        hidden = hidden_of(masked, lengths, patches.device)
        # As many of each film are left, so these are rows of one length.
        places = (~masked).nonzero()[:, 1].view(len(patches), -1)
        places = places.to(patches.device, non_blocking=True)
        encoded = self.film_encoder(patches, places)
        whole = encoded.new_zeros(*patches.shape[:2], encoded.size(2))
        whole = whole.scatter(1, places.unsqueeze(2).expand_as(encoded), encoded)
        stats["masked_film"] = hidden.share
        return self._filled("film", whole, hidden, self.film_positions(), None, patches)

    def _filled(
        self,
        kind: str,
        encoded: Tensor,
        hidden: Hidden,
        positions: Tensor,
        valid: Tensor | None,
        targets: Tensor,
    ) -> Filling:
        wanted = targets.flatten(0, 1)[hidden.places]
        if self.config.normalise_targets:
            wanted = normalise_each(wanted)
        predicted = self.filler(kind, encoded, hidden.masked, positions, valid, hidden.places)
        return filling_loss(predicted, wanted, hidden)

    def _speech_vectors(self, heard: Heard) -> Tensor:
        """(B, E): the mean over time of what the encoder gives, then brought to the film's size."""
        encoded = self.encoder(heard.embedded, heard.lengths)[0]
        valid = valid_mask(heard.lengths, encoded.size(1), encoded.device).unsqueeze(2)
        counts = heard.lengths.to(encoded.device, non_blocking=True).unsqueeze(1)
        vectors: Tensor = self.speech_up(torch.where(valid, encoded, 0.0).sum(dim=1) / counts)
        return vectors

    def _hear(
        self, speech: Tensor | None, speech_lengths: Tensor | None, utt_id: Sequence[str] | None
    ) -> Heard:
        lengths = read_lengths(speech_lengths if speech is not None else None, None, utt_id)
        assert speech is not None
        speech = speech[:, : int(lengths.samples.max())]
        mels, frames = self.audio.log_mels(speech, lengths.samples)
        mels = self.audio.normalise(mels, frames)
        return Heard(mels, self.dropout(self.audio.embed(mels, frames)), frames)
