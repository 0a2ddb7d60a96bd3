"""VGS+: HuBERT that also learns which image is spoken of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.abs_validator import AbsValidator
from espnet_av.models.hubert import HubertModel
from espnet_av.models.hubert.model import STATS as HUBERT_STATS
from espnet_av.models.masked_audio import MaskedBatch, MaskedFeatures
from espnet_av.models.vgs.config import VGSConfig
from espnet_av.models.vgs.images import read_images
from espnet_av.models.vgs.matching import (
    Matching,
    Pairs,
    match_parts,
    match_vectors,
    padded_parts,
    valid_parts,
)
from espnet_av.models.vgs.validator import RecallValidator
from espnet_av.modules.bert_layer import class_vector
from espnet_av.modules.cross_encoder import CrossEncoder
from espnet_av.modules.global_batch import add_up, num_processes
from espnet_av.modules.image_branch import EncodedImage, ImageBranch
from espnet_av.modules.speech_head import ClassHead, EncodedSpeech, PooledHead
from espnet_av.modules.statistics import COUNT, LOWER, PLAIN, Statistics, Weighted, mean_over
from espnet_av.modules.unit_prediction import UnitLoss
from espnet_av.modules.zero_gradient import zero_touch
from espnet_av.rates import SAMPLE_RATE

STATS = {
    **HUBERT_STATS,
    "loss_matching": LOWER,
    "loss_fine": LOWER,
    "masked_negatives": PLAIN,
    "without_negatives": COUNT,
}
"""The statistics: those of HuBERT, and of the matching.

`loss_matching` in nats a pair, both directions added up; `loss_fine` that of the cross encoder;
`masked_negatives` the share of other pairs that are of the same image, and so no negatives;
`without_negatives` the pairs all of whose others are: they learn nothing.
"""
VIEWS = ("speech", "image")
"""What it gives vectors of."""


class VGSModel(HubertModel):
    """HuBERT -> frames of one layer and a class vector -> vector of speech; regions -> of an image.

    loss = (1 - alpha) * nats per masked frame + alpha * nats per pair; its weight is the number of
    pairs. Over processes both are means over all frames and all pairs, as in one large batch, and
    the pairs of all processes are each other's negatives.

    Args:
        config: see `VGSConfig`.
        sizes: K, number of units.

    Raises:
        ConfigError: a component's configuration is wrong, or there are no units.
    """

    config_class = VGSConfig
    stats = STATS
    predicts = ("vector", "frames")
    config: VGSConfig

    def __init__(self, config: VGSConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        num_layers, layer = len(self.encoder.layers), config.grounding_layer
        if layer > num_layers:
            msg = f"grounding_layer is {layer}, but the encoder has layers 1 to {num_layers}"
            raise ConfigError(msg)
        self.encoder.always_kept = frozenset({layer})
        self.similarity = config.similarity
        size, target = config.feature_size, config.vector_size
        has_class = config.audio_class != "none"
        self.audio_class = class_vector(size) if has_class else None
        self.speech_head: PooledHead | ClassHead = (
            PooledHead(config.resdavenet, config.bert, size, target, has_class)
            if config.speech_head == "resdavenet"
            else ClassHead(size, target)
        )
        self.image_branch = ImageBranch(config.image, config.bert, size, target)
        cross = config.cross_encoder
        self.cross_encoder = CrossEncoder(cross, config.bert, size) if cross else None
        self.num_candidates = cross.num_candidates if cross else 0

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        units = ("units",) if self.config.alpha < 1.0 else ()
        return frozenset({"speech", "image_id", *units, *self.config.image.fields})

    def validators(self) -> Sequence[AbsValidator]:
        """See `AVModel`."""
        return (RecallValidator(),)

    def run_encoder(
        self, embedded: Tensor, lengths: Tensor, layers: Sequence[int | None]
    ) -> list[Tensor]:
        """See `EncoderModel`; frames alone, without the class vector."""
        return [self._frames(stream) for stream in self._streams(embedded, lengths, layers)]

    def vectors(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Vectors of both sides, with nothing masked; call it in eval mode.

        Args:
            batch: fields as `forward` takes them.

        Returns:
            View of `VIEWS` -> (B, E), to be compared by `similarity`.
        """
        _, speech, image = self.encode_pairs(batch)
        return dict(zip(VIEWS, (speech.vector, image.vector), strict=True))

    def predict_vectors(self, batch: Any) -> dict[str, Tensor]:
        """The same of a `Batch`, for the kind of prediction `vector`."""
        return self.vectors(batch.as_dict())

    def predict_parts(self, batch: Any) -> dict[str, list[Tensor]]:
        """What the cross encoder looks at.

        Returns:
            View of `VIEWS` -> (1 + L, D) of each row of the batch.
        """
        _, speech, image = self.encode_pairs(batch.as_dict())
        return {"speech": valid_parts(speech), "image": valid_parts(image)}

    def score_parts(self, parts: Mapping[str, Sequence[Tensor]]) -> Tensor:
        """The cross encoder's score of pairs.

        Args:
            parts: view of `VIEWS` -> (1 + L, D) of each of N pairs.

        Returns:
            (N,) float, the higher the better.
        """
        assert self.cross_encoder is not None
        sides = (padded_parts(parts[view]) for view in VIEWS)
        score: Tensor = self.cross_encoder(*(tensor for side in sides for tensor in side))
        return score

    def encode_pairs(
        self, batch: Mapping[str, Any]
    ) -> tuple[MaskedFeatures, EncodedSpeech, EncodedImage]:
        """Both sides, with nothing masked.

        Raises:
            DataDirError: an utterance has no sound, or no image.
        """
        masked = self._hear(batch)
        stream = self._streams(masked.clean, masked.conv.lengths, [self.config.grounding_layer])[0]
        return masked, self._head(stream, masked.conv.lengths), self._see(batch)

    def forward(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        units: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
        **fields: Any,
    ) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the loss of a batch.

        Args:
            speech: (B, S) float at 16 kHz.
            speech_lengths: (B,) int64 samples.
            units: (B, T) int at `feature_rate`, -1 = no label.
            utt_id: names for error messages and for the masks of evaluation.
            fields: `image` (B, R, F) float and `image_lengths`; of regions `boxes` (B, R, 4) float
                and `boxes_lengths`; `image_id` (B,) int64, equal for one image.

        Returns:
            (loss (), statistics, weight () = pairs).

        Raises:
            DataDirError: an utterance has no sound or no image, or there are no units.
        """
        batch = {"speech": speech, "speech_lengths": speech_lengths, "utt_id": utt_id, **fields}
        image, masked = self._see(batch), self._hear(batch)
        encoded, stream = self._run_layers(masked)
        heard = self._head(stream, masked.conv.lengths)
        is_shared = self.training and num_processes() > 1
        pairs = Pairs(heard.vector, image.vector, fields["image_id"])
        coarse = match_vectors(pairs, self.config, is_shared)
        num_pairs = coarse.loss.new_full((), float(len(pairs.ids)))
        stats = {**coarse.stats, "loss_matching": mean_over(coarse.loss, num_pairs)}
        matching = coarse.loss + self._fine(coarse, heard, image, pairs.ids, stats)
        if encoded is None:
            loss = matching + self._idle()
        else:
            found = self.predict_units(encoded, units)
            stats |= found.stats
            loss = self._mixed(found, matching, num_pairs, is_shared)
        stats["loss"] = mean_over(loss, num_pairs)
        return loss, Statistics(STATS, stats), num_pairs

    def _mixed(
        self, found: UnitLoss, matching: Tensor, num_pairs: Tensor, is_shared: bool
    ) -> Tensor:
        """Both losses; times the number of pairs, and added up over processes, both are exact."""
        alpha, units = self.config.alpha, found.loss
        if is_shared:
            frames, pairs = add_up(torch.stack([found.num_counted, num_pairs])).unbind()
            units = units * (found.num_counted * pairs / (frames.clamp(min=1.0) * num_pairs))
        return (1.0 - alpha) * units + alpha * matching

    def _fine(
        self,
        coarse: Matching,
        speech: EncodedSpeech,
        image: EncodedImage,
        ids: Tensor,
        stats: dict[str, Weighted],
    ) -> Tensor:
        """What the cross encoder adds to the matching loss, and takes from the coarse one."""
        cross = self.config.cross_encoder
        if cross is None or self.cross_encoder is None:
            return coarse.loss.new_zeros(())
        fine = match_parts(self.cross_encoder, speech, image, ids, self.config.margin).loss
        stats["loss_fine"] = mean_over(fine, float(len(ids)))
        return cross.weight * fine + (cross.coarse_weight - 1.0) * coarse.loss

    def _run_layers(self, masked: MaskedFeatures) -> tuple[MaskedBatch | None, Tensor]:
        """The output for the units, and what is matched: (B, P + T, D) of the grounding layer."""
        lengths, layer = masked.conv.lengths, self.config.grounding_layer
        if self.config.alpha == 1.0:
            return None, self._streams(masked.clean, lengths, [layer])[0]
        if self.training and not self.config.clean_pass_for_grounding:
            hidden, stream = self._streams(masked.features, lengths, [None, layer])
        else:
            (hidden,) = self._streams(masked.features, lengths, [None])
            (stream,) = self._streams(masked.clean, lengths, [layer])
        return masked.encoded(self._frames(hidden)), stream

    def _streams(
        self, features: Tensor, lengths: Tensor, layers: Sequence[int | None]
    ) -> list[Tensor]:
        """(B, P + T, D) of layers; the class vector, if there is one, stands first."""
        if self.audio_class is None:
            return self.encoder.layer_outputs(features, lengths, layers)
        front = self.audio_class.to(features.dtype).expand(len(features), -1, -1)
        if self.config.audio_class == "behind_positions":
            return self.encoder.layer_outputs(features, lengths, layers, prefix=front)
        features = torch.cat([front, features], dim=1)
        return self.encoder.layer_outputs(features, lengths + 1, layers)

    def _frames(self, stream: Tensor) -> Tensor:
        """(B, P + T, D) -> (B, T, D)."""
        return stream if self.audio_class is None else stream[:, 1:]

    def _head(self, stream: Tensor, lengths: Tensor) -> EncodedSpeech:
        if self.encoder.pre_norm:
            stream = self.encoder.layer_norm(stream)
        front = None if self.audio_class is None else stream[:, 0]
        encoded: EncodedSpeech = self.speech_head(self._frames(stream), lengths, front)
        return encoded

    def _hear(self, batch: Mapping[str, Any]) -> MaskedFeatures:
        """The beginning of each utterance, up to the transformer."""
        speech, lengths = batch.get("speech"), batch.get("speech_lengths")
        seconds = self.config.crop_sec if self.training else self.config.eval_crop_sec
        if speech is not None and lengths is not None and seconds:
            most = round(seconds * SAMPLE_RATE)
            speech, lengths = speech[:, :most], lengths.clamp(max=most)
        return self.mask_features(speech, lengths, batch.get("utt_id"))

    def _see(self, batch: Mapping[str, Any]) -> EncodedImage:
        image, lengths, boxes = read_images(batch, self.config.image)
        encoded: EncodedImage = self.image_branch(image, lengths, boxes)
        return encoded

    def _idle(self) -> Tensor:
        """Zero gradients for what matching alone does not use."""
        unused = [self.units_head, *self.encoder.layers[self.config.grounding_layer :]]
        unused.append(self.encoder.layer_norm)
        touched = sum((zero_touch(part) for part in unused), torch.zeros(()))
        return touched + self.mask_emb.sum() * 0.0
