"""The audio-visual transducer."""

from torch import Tensor

from espnet_av.models.recogniser import SHARED_STATS, Encoded, Recogniser
from espnet_av.models.recogniser.ctc_losses import ctc_losses
from espnet_av.models.transducer.config import TransducerConfig
from espnet_av.modules.statistics import COUNT, LOWER, Weighted
from espnet_av.modules.transducer.abs_predictor import AbsPredictor
from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.modules.transducer.loss import LOSS_STATS, build_transducer_loss
from espnet_av.modules.transducer.predictor import build_predictor

STATS = {
    **SHARED_STATS,
    "loss_transducer": LOWER,
    **LOSS_STATS,
    "too_long": COUNT,
    "empty_text": COUNT,
}
"""Names of the statistics; `too_long` counts utterances with more tokens than frames, which a
transducer can align, but only by several tokens at a frame; `empty_text` those without a token."""


class TransducerModel(Recogniser):
    """Front ends -> modality dropout -> fusion -> encoder -> transducer, CTC, frame labels.

    A text has probability over all its alignments, each of them frames with any number of tokens
    between them (arXiv 1211.3711): the joiner reads the next token, or the blank that ends a
    frame, off the frame and the predictor's output for the text so far.
    """

    config_class = TransducerConfig
    stats = STATS
    token_layers = (
        "ctc.ctc_lo",
        "predictor.embed",
        "joiner.lin_out",
        "transducer_loss.simple_am_proj",
        "transducer_loss.simple_lm_proj",
    )
    config: TransducerConfig
    predictor: AbsPredictor

    def build_text_branch(self, encoder_size: int) -> None:
        """Makes predictor, joiner and loss."""
        config = self.config
        self.predictor = build_predictor(config.predictor, config.predictor_conf, self.vocab_size)
        predictor_size = self.predictor.output_size()
        self.joiner = Joiner(encoder_size, predictor_size, config.joint_size, self.vocab_size)
        self.transducer_loss = build_transducer_loss(
            config.transducer_loss,
            config.transducer_loss_conf,
            encoder_size,
            predictor_size,
            self.vocab_size,
        )

    def text_loss(
        self, encoded: Encoded, text: Tensor, text_lengths: Tensor
    ) -> tuple[Tensor, dict[str, Weighted]]:
        """Transducer loss plus weighted CTC loss; see `Recogniser.text_loss`."""
        losses, stats = self.transducer_loss(
            self.joiner,
            encoded.out,
            encoded.lengths,
            self.predictor(text),
            text,
            text_lengths,
            self.update if self.training else None,
        )
        loss = losses.mean()
        stats["loss_transducer"] = encoded.per_utterance(loss)
        stats["too_long"] = encoded.count(text_lengths > encoded.lengths)
        stats["empty_text"] = encoded.count(text_lengths == 0)
        if self.ctc is not None:
            ctc, ctc_stats = ctc_losses(
                self.ctc,
                encoded,
                text,
                text_lengths,
                self.config.interctc_weight,
                with_error_rate=not self.training,
            )
            loss, stats = loss + self.config.ctc_weight * ctc, stats | ctc_stats
        return loss, stats
