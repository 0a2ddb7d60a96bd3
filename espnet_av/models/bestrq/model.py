"""BEST-RQ: predict the codes of what is masked."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.models.abs_model import Sizes
from espnet_av.models.bestrq.config import BestRQConfig
from espnet_av.models.log_mel_model import LogMelModel
from espnet_av.modules.code_usage import CodeUsage
from espnet_av.modules.frontend.log_mel import SUBSAMPLING
from espnet_av.modules.noise_mask import draw_noise_mask, hide_behind_noise
from espnet_av.modules.random_projection_quantizer import RandomProjectionQuantizer
from espnet_av.modules.statistics import HIGHER, LOWER, PLAIN, Statistics, Weighted, mean_over
from espnet_av.ops.codebook import count_codes, count_perplexity
from espnet_av.ops.feature_norm import normalise_utterance
from espnet_av.ops.frame_stacking import stack_frames

MASK, FILLING = 0, 1
"""Kinds of random numbers."""

STATS = {
    "loss": LOWER,
    "acc": HIGHER,
    "target_codes": HIGHER,
    "target_perplexity": HIGHER,
    "predicted_perplexity": HIGHER,
    "running_codes": HIGHER,
    "running_perplexity": HIGHER,
    "masked": PLAIN,
    "masked_stacks": PLAIN,
}
"""The statistics.

The loss is in nats per stack and codebook; `acc` the share of codes that are the best guess;
`target_codes` and `target_perplexity` how many entries a batch uses, and how many effectively,
`predicted_perplexity` the same of the best guesses, `running_*` of the targets of the last
`usage_window` batches of training. `masked` is the share of masked windows, `masked_stacks` that of
the frames that are predicted. What belongs to codebooks is their mean.
"""


class Masked(NamedTuple):
    """A batch on its way to the loss; N frames are predicted."""

    hidden: Tensor
    """(B, T, D) output of the encoder, arbitrary beyond each length."""
    codes: Tensor
    """(N, G) int64 targets."""
    places: Tensor
    """(N,) int64 positions of the predicted frames in (B * T)."""
    mask: Tensor
    """(B, 4 * T) bool on the CPU, True = masked window."""
    lengths: Tensor
    """(B,) int64 frames, on the CPU."""


class BestRQModel(LogMelModel):
    """Log-mel -> noise over spans -> convolutions -> encoder -> codes of wholly masked frames.

    A frame is four log-mel windows; its code comes from the windows as they were, and it is
    predicted if all four are masked. The loss is the mean cross-entropy over codebooks and
    predicted frames, the weight their number, so that the mean over micro-batches and ranks is
    exact. Which frames are masked is drawn on the CPU: so their number is known without waiting for
    the device, and the thousands of logits are computed for them only.

    Front end and encoder have the names and the parameters that a recogniser's have.

    Args:
        config: see `BestRQConfig`.
        sizes: it needs none.

    Raises:
        ConfigError: a component's configuration is wrong.
    """

    config_class = BestRQConfig
    stats = STATS
    predicts = ("frames",)
    config: BestRQConfig

    def __init__(self, config: BestRQConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        quantizer = config.quantizer
        self.quantizer = RandomProjectionQuantizer(SUBSAMPLING * self.num_mels, quantizer)
        self.usage = CodeUsage(
            quantizer.num_codebooks,
            quantizer.num_entries,
            config.usage_window,
            config.min_perplexity,
        )
        self.codes_head = nn.Linear(
            self.encoder.output_size(), quantizer.num_codebooks * quantizer.num_entries
        )

    @property
    def reads(self) -> frozenset[str]:
        """See `AVModel`."""
        return frozenset({"speech"})

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
            utt_id: names for error messages and for the masks of evaluation.

        Returns:
            (loss (), statistics, weight () = predicted frames).

        Raises:
            DataDirError: an utterance has no sound.
            CodebookCollapseError: the targets are almost all the same.
        """
        masked = self.encode_masked(speech, speech_lengths, utt_id)
        hidden = masked.hidden.flatten(0, 1)[masked.places]
        # (N, D) -> (N, G, V)
        shape = (self.config.quantizer.num_codebooks, self.config.quantizer.num_entries)
        logits = self.codes_head(hidden).unflatten(1, shape)
        total = F.cross_entropy(logits.flatten(0, 1), masked.codes.flatten(), reduction="sum")
        loss = total / max(masked.codes.numel(), 1)
        weight = torch.full((), float(masked.codes.size(0)), device=loss.device)
        stats = {**self._stats(masked, logits), "loss": mean_over(loss, weight)}
        return loss, Statistics(STATS, stats), weight

    def encode_masked(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        utt_id: Sequence[str] | None,
    ) -> Masked:
        """Masks a batch, runs front end and encoder, and makes the targets; see `forward`."""
        mels, lengths = self.log_mels(speech, speech_lengths, utt_id)
        windows, config = lengths * SUBSAMPLING, self.config.mask
        draws = self.step_noise(torch.device("cpu"), utt_id)
        mask = draw_noise_mask(config, draws, MASK, windows, mels.size(1))
        places = mask.unflatten(1, (-1, SUBSAMPLING)).all(dim=2).flatten().nonzero().squeeze(1)
        places = places.to(mels.device, non_blocking=True)
        # Streaming or not: targets are not there when a model is used, and may look ahead.
        targets = stack_frames(normalise_utterance(mels, windows), SUBSAMPLING)
        codes = self.quantizer(targets.flatten(0, 1)[places])
        features = self.audio.normalise(mels, lengths)
        noise = self.step_noise(mels.device, utt_id)
        features = hide_behind_noise(features, mask, config.noise_std, noise, FILLING, windows)
        embedded = self.dropout(self.audio.embed(features, lengths))
        return Masked(self.encoder(embedded, lengths)[0], codes, places, mask, lengths)

    @torch.no_grad()
    def _stats(self, masked: Masked, logits: Tensor) -> dict[str, Weighted]:
        """The statistics but for the loss."""
        num_entries, guesses = self.config.quantizer.num_entries, logits.argmax(dim=2)
        counts = count_codes(masked.codes, num_entries)
        predicted = count_perplexity(count_codes(guesses, num_entries)).mean()
        num_stacks, num_frames = float(masked.codes.size(0)), float(masked.lengths.sum())
        stats = {
            "acc": Weighted((guesses == masked.codes).sum(), float(masked.codes.numel())),
            "target_codes": mean_over((counts > 0).sum(dim=1).float().mean(), num_stacks),
            "target_perplexity": mean_over(count_perplexity(counts).mean(), num_stacks),
            "predicted_perplexity": mean_over(predicted, num_stacks),
            "masked": Weighted(masked.mask.sum(), SUBSAMPLING * num_frames),
            "masked_stacks": Weighted(torch.tensor(num_stacks), num_frames),
        }
        if self.training:
            running = self.usage(counts)
            # Of many batches, whatever this one weighs.
            stats["running_codes"] = mean_over(running.codes, 1.0)
            stats["running_perplexity"] = mean_over(running.perplexity, 1.0)
        return stats
