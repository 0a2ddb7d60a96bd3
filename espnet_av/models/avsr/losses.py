"""The recogniser's losses and scores; each loss is summed over an utterance, averaged over them."""

import torch
from torch import Tensor, nn

from espnet_av.compat import CTC
from espnet_av.ops.ctc import collapse, edit_distance
from espnet_av.ops.frame_loss import IGNORED, fit_labels, frame_cross_entropy, label_accuracy
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.sentence_ends import add_sentence_ends


def ctc_loss(
    ctc: CTC, hidden: Tensor, lengths: Tensor, text: Tensor, text_lengths: Tensor
) -> Tensor:
    """CTC loss in nats per utterance; an utterance with more text than frames adds 0.

    Args:
        ctc: ESPnet's CTC with `zero_infinity`.
        hidden: (B, T, D).
        lengths: (B,) int64 on the CPU.
        text: (B, L) int64.
        text_lengths: (B,) int64 on the CPU.

    Returns:
        () float32.
    """
    # Log probabilities of a long sequence add up; half precision is not enough for them.
    with torch.autocast(hidden.device.type, enabled=False):
        return ctc(hidden.float(), lengths, text, text_lengths)


def attention_loss(
    decoder: nn.Module,
    criterion: nn.Module,
    hidden: Tensor,
    lengths: Tensor,
    text: Tensor,
    text_lengths: Tensor,
    ends: int,
) -> tuple[Tensor, Tensor]:
    """Label-smoothed cross-entropy of the decoder, and its token accuracy (teacher forcing).

    Args:
        decoder: ESPnet decoder.
        criterion: ESPnet's LabelSmoothingLoss with padding -1.
        hidden: (B, T, D) encoder output.
        lengths: (B,) int64 on the CPU.
        text: (B, L) int64, -1 beyond the length.
        text_lengths: (B,) int64 on the CPU.
        ends: id that is both start and end of sentence.

    Returns:
        (loss (), accuracy ()).
    """
    inputs, targets = add_sentence_ends(text, text_lengths.to(text.device), ends)
    logits, _ = decoder(hidden, lengths, inputs, text_lengths + 1)
    logits = logits.float()
    return criterion(logits, targets), label_accuracy(logits, targets)


def units_loss(
    head: nn.Module, hidden: Tensor, lengths: Tensor, units: Tensor, smoothing: float
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the frame labels, and frame accuracy.

    Args:
        head: D -> K.
        hidden: (B, T, D) encoder output.
        lengths: (B,) int64 on the CPU.
        units: (B, T') int64, -1 = no label; cut or padded to T.
        smoothing: label smoothing.

    Returns:
        (loss (), accuracy ()).
    """
    inside = valid_mask(lengths, hidden.size(1), hidden.device)
    # Padding is arbitrary, and a head that sees several frames would read it.
    logits = head(torch.where(inside.unsqueeze(2), hidden, 0.0))
    labels = torch.where(inside, fit_labels(units, hidden.size(1)), IGNORED)
    return frame_cross_entropy(logits, labels, smoothing), label_accuracy(logits, labels)


@torch.no_grad()
def ctc_error_rate(
    ctc: CTC, hidden: Tensor, lengths: Tensor, text: Tensor, text_lengths: Tensor
) -> float:
    """Token errors of greedy CTC over reference tokens, for the whole batch.

    Args:
        ctc: ESPnet's CTC; blank is 0.
        hidden: (B, T, D).
        lengths: (B,) int64 on the CPU.
        text: (B, L) int64.
        text_lengths: (B,) int64 on the CPU.

    Returns:
        Errors / tokens; NaN if there are no tokens.
    """
    best, references = ctc.argmax(hidden).tolist(), text.tolist()
    errors = sum(
        edit_distance(collapse(frames[:length]), reference[:tokens])
        for frames, length, reference, tokens in zip(
            best, lengths.tolist(), references, text_lengths.tolist(), strict=True
        )
    )
    total = int(text_lengths.sum())
    return errors / total if total else float("nan")
