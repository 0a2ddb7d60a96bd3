"""The attention loss."""

from torch import Tensor, nn

from espnet_av.modules.statistics import Weighted
from espnet_av.ops.frame_loss import label_hits
from espnet_av.ops.sentence_ends import add_sentence_ends
from espnet_av.ops.smoothed_loss import smoothed_loss
from espnet_av.padding import PAD_ID


def attention_loss(
    decoder: nn.Module,
    hidden: Tensor,
    lengths: Tensor,
    text: Tensor,
    text_lengths: Tensor,
    ends: int,
    num_given: int = 0,
    smoothing: float = 0.0,
) -> tuple[Tensor, Weighted]:
    """Label-smoothed cross-entropy of the decoder, and the tokens it gets right (teacher forcing).

    Args:
        decoder: ESPnet decoder.
        hidden: (B, T, D) encoder output.
        lengths: (B,) int64 on the CPU.
        text: (B, L) int64, -1 beyond the length.
        text_lengths: (B,) int64 on the CPU.
        ends: id that is both start and end of sentence.
        num_given: so many tokens of each text are told, such as its language, and not predicted.
        smoothing: share of the target spread evenly over the other tokens.

    Returns:
        (loss (), right tokens of all).
    """
    inputs, targets = add_sentence_ends(text, text_lengths.to(text.device), ends)
    targets[:, :num_given] = PAD_ID
    logits, _ = decoder(hidden, lengths, inputs, text_lengths + 1)
    logits = logits.float()
    return smoothed_loss(logits, targets, smoothing), Weighted(*label_hits(logits, targets))
