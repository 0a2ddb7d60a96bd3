"""wav2vec 2.0: tell the quantised feature of a masked frame from those of other masked frames."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from espnet_av.models.abs_model import Sizes
from espnet_av.models.masked_audio import MaskedAudioModel, MaskedBatch
from espnet_av.models.wav2vec2.config import Wav2Vec2Config
from espnet_av.modules.quantizer import GumbelQuantizer, Quantized
from espnet_av.modules.statistics import HIGHER, LOWER, PLAIN, Statistics, Weighted, mean_over
from espnet_av.modules.step_noise import StepNoise
from espnet_av.ops.codebook import diversity_loss, draw_gumbel
from espnet_av.ops.contrastive import Contrast, contrastive_loss, draw_negatives

NEGATIVES, GUMBEL = 1, 2
"""Kinds of random numbers besides those of the mask."""
STATS = {
    "loss": LOWER,
    "loss_contrastive": LOWER,
    "loss_diversity": LOWER,
    "features_penalty": PLAIN,
    "acc": HIGHER,
    "code_perplexity": HIGHER,
    "prob_perplexity": HIGHER,
    "temperature": PLAIN,
    "masked": PLAIN,
}
"""The statistics.

`loss_contrastive` in nats per masked frame; `acc` is the share of masked frames whose target is
nearer than all negatives; `*_perplexity` the number of entries in use, summed over codebooks, by
the most probable entry and by the distributions; `masked` the share of masked frames.
"""


class Wav2Vec2PretrainingModel(MaskedAudioModel):
    """Convolutions -> span mask -> transformer, against quantised features that were not masked.

    The loss is the sum of cross-entropies over the masked frames, divided by their number, plus
    the weighted diversity loss and features penalty; the weight is that number. So the mean over
    micro-batches and ranks is exact for the cross-entropy, as with fairseq's sample size;
    diversity is a property of each micro-batch, as there.

    Args:
        config: see `Wav2Vec2Config`.
        sizes: it needs none.

    Raises:
        ConfigError: a component's configuration is wrong.
    """

    config_class = Wav2Vec2Config
    stats = STATS
    config: Wav2Vec2Config

    def __init__(self, config: Wav2Vec2Config, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.target_dropout = nn.Dropout(config.target_dropout_rate)
        self.quantizer = GumbelQuantizer(self.audio.feature_size, config.quantizer)
        self.project_q = nn.Linear(config.quantizer.size, config.projection_size)
        self.final_proj = nn.Linear(config.feature_size, config.projection_size)

    def set_update(self, update: int) -> None:
        """See `AVModel`; it sets the temperature of the quantiser."""
        self.quantizer.set_update(update)

    def forward(
        self,
        speech: Tensor | None = None,
        speech_lengths: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
        **_: Any,
    ) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the pre-training loss of a batch.

        Args:
            speech: (B, S) float at 16 kHz.
            speech_lengths: (B,) int64 samples.
            utt_id: names for error messages and for the draws of evaluation.

        Returns:
            (loss (), statistics, weight () = masked frames).

        Raises:
            DataDirError: an utterance has no sound.
        """
        encoded = self.encode_masked(speech, speech_lengths, utt_id)
        quantized = self._quantize(encoded, self.step_noise(encoded.hidden.device, utt_id))
        contrast = self._contrast(encoded, quantized, utt_id)
        weight = encoded.mask.sum().float()
        num_masked = weight.clamp(min=1.0)
        contrastive = contrast.loss / num_masked
        diversity = diversity_loss(quantized.prob_perplexity, self.config.quantizer.num_entries)
        loss = (
            contrastive
            + self.config.diversity_weight * diversity
            + self.config.features_penalty * encoded.penalty
        )
        num_frames = float(encoded.conv.lengths.sum())
        temperature = torch.full_like(weight, self.quantizer.temperature)
        stats = {
            "loss": mean_over(loss, weight),
            "loss_contrastive": Weighted(contrast.loss.detach(), weight),
            "loss_diversity": mean_over(diversity, weight),
            "features_penalty": mean_over(encoded.penalty, num_frames),
            "acc": Weighted(contrast.correct, weight),
            "code_perplexity": mean_over(quantized.code_perplexity.sum(), weight),
            "prob_perplexity": mean_over(quantized.prob_perplexity.sum(), weight),
            "temperature": mean_over(temperature, weight),
            "masked": Weighted(weight, num_frames),
        }
        return loss, Statistics(STATS, stats), weight

    def _quantize(self, encoded: MaskedBatch, noise: StepNoise) -> Quantized:
        """Targets of all frames, from the features before the mask."""
        features = self.target_dropout(encoded.conv.normed)
        gumbel = None
        if self.training:
            config = self.config.quantizer
            shape = (*features.shape[:2], config.num_groups, config.num_entries)
            gumbel = draw_gumbel(shape, features.device, noise.generator(GUMBEL))
        return self.quantizer(features, encoded.mask, gumbel)

    def _contrast(
        self, encoded: MaskedBatch, quantized: Quantized, utt_id: Sequence[str] | None
    ) -> Contrast:
        """Each masked frame against other masked frames of its utterance."""
        noise = self.step_noise(encoded.hidden.device, utt_id)
        numbers = noise.frames(
            NEGATIVES, encoded.conv.lengths, encoded.mask.size(1), self.config.num_negatives
        )
        return contrastive_loss(
            self.final_proj(encoded.hidden),
            self.project_q(quantized.vectors),
            quantized.ids,
            draw_negatives(encoded.mask, numbers),
            encoded.mask,
            self.config.temperature,
        )
