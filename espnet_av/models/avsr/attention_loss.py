"""The attention loss."""

from torch import Tensor, nn

from espnet_av.modules.statistics import Weighted
from espnet_av.ops.frame_loss import label_hits
from espnet_av.ops.sentence_ends import add_sentence_ends
from espnet_av.padding import PAD_ID


def attention_loss(
    decoder: nn.Module,
    criterion: nn.Module,
    hidden: Tensor,
    lengths: Tensor,
    text: Tensor,
    text_lengths: Tensor,
    ends: int,
    num_given: int = 0,
) -> tuple[Tensor, Weighted]:
    """Label-smoothed cross-entropy of the decoder, and the tokens it gets right (teacher forcing).

    Args:
        decoder: ESPnet decoder.
        criterion: ESPnet's LabelSmoothingLoss with padding -1.
        hidden: (B, T, D) encoder output.
        lengths: (B,) int64 on the CPU.
        text: (B, L) int64, -1 beyond the length.
        text_lengths: (B,) int64 on the CPU.
        ends: id that is both start and end of sentence.
        num_given: so many tokens of each text are told, such as its language, and not predicted.

    Returns:
        (loss (), right tokens of all).
    """
    inputs, targets = add_sentence_ends(text, text_lengths.to(text.device), ends)
    targets[:, :num_given] = PAD_ID
    logits, _ = decoder(hidden, lengths, inputs, text_lengths + 1)
    logits = logits.float()
    return criterion(logits, targets), Weighted(*label_hits(logits, targets))
