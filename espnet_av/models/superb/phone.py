"""PR: which phones were said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from espnet_av.compat import CTC
from espnet_av.models.abs_model import Sizes
from espnet_av.models.superb.config import PhoneConfig
from espnet_av.models.superb.probe import ProbeModel
from espnet_av.modules.statistics import COUNT, LOWER, Statistics, Weighted, count_of, mean_over
from espnet_av.ops.ctc import collapse, edit_distance, required_frames
from espnet_av.ops.lengths import valid_mask
from espnet_av.padding import PAD_ID

STATS = {"loss": LOWER, "per": LOWER, "ctc_impossible": COUNT}
"""Nats a phone, the mean over utterances; share of wrong phones by greedy search, in evaluation
only; utterances with more phones than frames, which add nothing to the loss."""
_NO_TEXT = "superb_pr writes phones; pass --token_dir with them (stage 8 makes it)"


class PhoneFrames(NamedTuple):
    """What the search gets."""

    out: Tensor
    """(B, T, D)."""
    lengths: Tensor
    """(B,) int64 frames, on the CPU."""


class PhoneModel(ProbeModel):
    """Mixed states -> Linear -> Linear; CTC of the phones and an end of sentence.

    Token 0 is the blank; the last one, the end, is learnt as s3prl does and written nowhere. The
    loss of an utterance is divided by its number of tokens.

    Args:
        config: see `PhoneConfig`.
        sizes: vocab: 74 of LibriSpeech's phones, blank, unknown and end included.

    Raises:
        ConfigError: there are no tokens, or the model below has no layers.
    """

    config_class = PhoneConfig
    stats = STATS
    predicts = ("text", "frames")
    token_layers = ("ctc.ctc_lo",)
    learns_from = "text"
    config: PhoneConfig

    def __init__(self, config: PhoneConfig, sizes: Sizes) -> None:
        super().__init__(config, sizes)
        self.vocab_size = sizes.needed("vocab", _NO_TEXT)
        self.blank_id = 0
        self.sos = self.eos = self.vocab_size - 1
        self.decoder = self.predictor = None
        self.project = nn.Linear(self.state_size, config.projection_size)
        self.ctc = CTC(self.vocab_size, config.projection_size)

    def encode(
        self,
        speech: Tensor | None,
        speech_lengths: Tensor | None,
        video: Tensor | None = None,
        video_lengths: Tensor | None = None,
        utt_id: Sequence[str] | None = None,
    ) -> PhoneFrames:
        """What the search gets; lips are ignored. Arguments as in `forward`."""
        batch = {"speech": speech, "speech_lengths": speech_lengths, "utt_id": utt_id}
        return self._frames(batch)

    def _frames(self, batch: Mapping[str, Any]) -> PhoneFrames:
        mixed, lengths = self.mix(batch)
        return PhoneFrames(self.project(mixed), lengths)

    def forward(self, **batch: Any) -> tuple[Tensor, Statistics, Tensor]:
        """Computes the loss of a batch.

        Args:
            batch: `speech` (B, S) float, `speech_lengths` (B,) int64, `text` (B, L) int64 and
                `text_lengths` (B,).

        Returns:
            (loss (), statistics, weight () = utterances).

        Raises:
            DataDirError: an utterance has no sound, or there is no text.
        """
        text, phones = self.target(batch), batch["text_lengths"].cpu()
        out, frames = self._frames(batch)
        tokens = self._with_end(text, phones)
        logits = self.ctc.ctc_lo(out).float()
        losses = F.ctc_loss(
            logits.log_softmax(dim=2).transpose(0, 1),
            tokens.clamp(min=0),
            frames,
            phones + 1,
            self.blank_id,
            reduction="none",
            zero_infinity=True,
        )
        loss = (losses / (phones + 1).to(losses.device, non_blocking=True)).mean()
        needed = required_frames(tokens, (phones + 1).to(text.device, non_blocking=True)).cpu()
        stats = {
            "loss": mean_over(loss, float(len(text))),
            "ctc_impossible": count_of((needed > frames).sum()),
        }
        if not self.training:
            stats["per"] = self._errors(logits, frames, text, phones)
        weight = torch.full((), float(len(text)), device=loss.device)
        return loss, Statistics(STATS, stats), weight

    def _with_end(self, text: Tensor, lengths: Tensor) -> Tensor:
        """(B, L) -> (B, L + 1) with the end of sentence behind each, -1 beyond it."""
        inside = valid_mask(lengths, text.size(1), text.device)
        tokens = F.pad(torch.where(inside, text, PAD_ID), (0, 1), value=PAD_ID)
        ends = lengths.to(text.device, non_blocking=True).unsqueeze(1)
        return tokens.scatter(1, ends, torch.full_like(ends, self.eos))

    @torch.no_grad()
    def _errors(self, logits: Tensor, frames: Tensor, text: Tensor, phones: Tensor) -> Weighted:
        """Phones that are wrong, of all; ends of sentences do not count."""
        best, wanted, errors = logits.argmax(dim=2).tolist(), text.tolist(), 0
        for row, (length, count) in enumerate(zip(frames.tolist(), phones.tolist(), strict=True)):
            found = [token for token in collapse(best[row][:length]) if token != self.eos]
            errors += edit_distance(found, wanted[row][:count])
        return Weighted(torch.tensor(float(errors)), float(phones.sum()))
