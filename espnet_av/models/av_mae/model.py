"""AV-MAE: a Conformer hears, a ViT sees, one small decoder fills in what both did not get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.av_mae.config import AVMaeConfig
from espnet_av.models.av_mae.filling import Filling, Hidden, filling_loss, hidden_of
from espnet_av.models.av_mae.films import read_films
from espnet_av.models.av_mae.matching import match_views
from espnet_av.models.log_mel_model import Heard, LogMelModel
from espnet_av.modules.dropped_frames import encode_kept
from espnet_av.modules.frontend.log_mel import SUBSAMPLING
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


class AVMaeModel(LogMelModel):
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
    predicts = ("vector", "frames")
    views = VIEWS
    config: AVMaeConfig

    def __init__(self, config: AVMaeConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        size, vit = self.encoder.output_size(), config.film_encoder
        self.speech_up = nn.Sequential(nn.Linear(size, vit.size), nn.LayerNorm(vit.size))
        self.film_encoder = FilmEncoder(config.film, vit)
        if config.has_mae:
            counts = (SUBSAMPLING * self.num_mels, config.film.num_values)
            values = dict(zip(VIEWS, counts, strict=True))
            self.filler = SharedDecoder(config.decoder, vit.size, values)
            self.film_positions = GridPositions(
                config.film, config.decoder.size, config.decoder.positions
            )
        if config.has_clr:
            # Of one axis: sharded training takes no parameter without any.
            start = torch.full((1,), math.log(1.0 / config.temperature))
            self.logit_scale = nn.Parameter(start, requires_grad=config.learn_temperature)

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        return frozenset(VIEWS)

    @property
    def predicts_from(self) -> frozenset[str]:
        """See `AVModel`: features are those of the sound; vectors, of either view."""
        return frozenset({"speech"})

    def predict_vectors(self, batch: Any) -> dict[str, Tensor]:
        """What pairs are matched by, for the kind of prediction `vector`.

        Args:
            batch: a `Batch` with sound, films, or both.

        Returns:
            View of `VIEWS` that is there -> (B, E).

        Raises:
            ConfigError: it has not learnt to tell pairs.
        """
        if not self.config.has_clr:
            msg = (
                "av_mae with losses: mae tells no pairs, so it has no vectors; take one with clr, "
                "or ask for --kind frames"
            )
            raise ConfigError(msg)
        found = {}
        if batch.speech is not None:
            heard = self.hear(batch.speech, batch.speech_lengths, batch.utt_id)
            found["speech"] = self._speech_vectors(heard)
        if (film := batch.tensor("film")) is not None:
            shown = (film, batch.tensor("film_lengths"), batch.utt_id, self.config.film)
            found["film"] = self._film_vectors(read_films(*shown))
        return found

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
        heard = self.hear(speech, speech_lengths, utt_id)
        loss = torch.zeros((), device=heard.embedded.device)
        stats: dict[str, Weighted] = {}
        weight = torch.full((), float(len(patches)), device=loss.device)
        if self.config.has_mae:
            loss = loss + self._fill_in(heard, patches, utt_id, stats)
        if self.config.has_clr:
            pair = (self._speech_vectors(heard), self._film_vectors(patches))
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
        # Masks are drawn on the CPU: so their number is known without waiting for the device.
        noise, num_utts = self.step_noise(torch.device("cpu"), utt_id), float(len(patches))
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

    def _film_vectors(self, patches: Tensor) -> Tensor:
        """(B, E): the mean over frames, each of which was one token."""
        vectors: Tensor = self.film_encoder.frames(patches).mean(dim=1)
        return vectors
