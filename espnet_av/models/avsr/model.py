"""The audio-visual recogniser with CTC and attention."""

import torch
from torch import Tensor

from espnet_av.models.avsr.attention_loss import attention_loss
from espnet_av.models.avsr.config import AVSRConfig
from espnet_av.models.recogniser import SHARED_STATS, Encoded, Recogniser
from espnet_av.models.recogniser.ctc_losses import ctc_losses
from espnet_av.modules.decoder import build_decoder
from espnet_av.modules.statistics import HIGHER, LOWER, Weighted

STATS = {**SHARED_STATS, "loss_att": LOWER, "acc": HIGHER}
"""Names of the statistics; `acc` is the share of tokens that attention gets right (teacher
forcing)."""


class AVSRModel(Recogniser):
    """Front ends -> modality dropout -> fusion -> encoder -> CTC, attention; see `Recogniser`."""

    config_class = AVSRConfig
    stats = STATS
    token_layers = ("ctc.ctc_lo", "decoder.embed.0", "decoder.output_layer")
    config: AVSRConfig

    def build_text_branch(self, encoder_size: int) -> None:
        """Makes the attention decoder."""
        config = self.config
        if config.decoder != "none":
            self.decoder = build_decoder(
                config.decoder, self.vocab_size, encoder_size, config.decoder_conf
            )

    def text_loss(
        self, encoded: Encoded, text: Tensor, text_lengths: Tensor
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """Weighted sum of CTC and attention losses; see `Recogniser.text_loss`."""
        weight = self.config.ctc_weight
        loss = torch.zeros((), device=encoded.out.device)
        stats: dict[str, Weighted] = {}
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
            attention, hits = attention_loss(
                self.decoder,
                encoded.out,
                encoded.lengths,
                text,
                text_lengths,
                self.eos,
                num_given=int(self.config.tag_is_given),
                smoothing=self.config.lsm_weight,
            )
            stats |= {"loss_att": encoded.per_utterance(attention), "acc": hits}
            loss = loss + (1.0 - weight) * attention
        return loss, stats
