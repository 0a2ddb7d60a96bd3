"""The audio-visual recogniser with CTC and attention."""

import torch
from torch import Tensor
from typeguard import typechecked

from espnet_av.compat import AbsDecoder, LabelSmoothingLoss
from espnet_av.models.avsr.attention_loss import attention_loss
from espnet_av.models.avsr.config import AVSRConfig
from espnet_av.models.recogniser import SHARED_STATS, Encoded, Recogniser
from espnet_av.models.recogniser.ctc_losses import ctc_losses
from espnet_av.modules.decoder import build_decoder
from espnet_av.ops.frame_loss import IGNORED

STATS = (*SHARED_STATS, "loss_att", "acc")
"""Names of the statistics; `acc` is the share of tokens that attention gets right (teacher
forcing)."""


class AVSRModel(Recogniser):
    """Front ends -> modality dropout -> fusion -> ESPnet encoder -> CTC, attention, frame labels.

    Args:
        config: see `AVSRConfig`.
        vocab_size: tokens, blank and end of sentence included.
        num_units: frame labels; needed if `config.units_weight` > 0.

    Raises:
        ConfigError: a component's configuration is wrong, or `num_units` is missing.
    """

    stats = STATS
    config: AVSRConfig

    @typechecked
    def __init__(
        self, config: AVSRConfig, *, vocab_size: int, num_units: int | None = None
    ) -> None:
        super().__init__(config, vocab_size=vocab_size, num_units=num_units)

    def build_text_branch(self, encoder_size: int) -> None:
        """Makes the attention decoder."""
        config = self.config
        self.decoder: AbsDecoder | None = None
        if config.decoder != "none":
            self.decoder = build_decoder(
                config.decoder, self.vocab_size, encoder_size, config.decoder_conf
            )
        self.criterion_att = LabelSmoothingLoss(self.vocab_size, IGNORED, config.lsm_weight)

    def text_loss(
        self, encoded: Encoded, text: Tensor, text_lengths: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted sum of CTC and attention losses; see `Recogniser.text_loss`."""
        weight = self.config.ctc_weight
        loss = torch.zeros((), device=encoded.out.device)
        stats: dict[str, Tensor] = {}
        if self.ctc is not None:
            ctc, stats = ctc_losses(
                self.ctc,
                encoded,
                text,
                text_lengths,
                self.config.interctc_weight,
                with_error_rate=not self.training,
            )
            loss = loss + weight * ctc
        if self.decoder is not None:
            attention, accuracy = attention_loss(
                self.decoder,
                self.criterion_att,
                encoded.out,
                encoded.lengths,
                text,
                text_lengths,
                self.eos,
            )
            stats |= {"loss_att": attention.detach(), "acc": accuracy}
            loss = loss + (1.0 - weight) * attention
        return loss, stats
