"""CTC of a recogniser: its losses and its error rate."""

import torch
from torch import Tensor

from espnet_av.compat import CTC
from espnet_av.models.recogniser.encoded import Encoded
from espnet_av.modules.statistics import Weighted
from espnet_av.ops.ctc import collapse, edit_distance, required_frames


def ctc_losses(
    ctc: CTC,
    encoded: Encoded,
    text: Tensor,
    text_lengths: Tensor,
    interctc_weight: float,
    with_error_rate: bool,
) -> tuple[Tensor, dict[str, Weighted]]:
    """CTC loss of the last and the intermediate layers, in nats per row.

    Args:
        ctc: ESPnet's CTC with `zero_infinity`.
        encoded: output of the encoder for R rows.
        text: (R, L) int64.
        text_lengths: (R,) int64 on the CPU.
        interctc_weight: share of the intermediate layers, if there are any.
        with_error_rate: whether to compute `cer_ctc`, which takes time.

    Returns:
        (loss () float32, statistics).
    """
    loss = ctc_loss(ctc, encoded.out, encoded.lengths, text, text_lengths)
    needed = required_frames(text, text_lengths.to(text.device, non_blocking=True))
    impossible = needed > encoded.lengths.to(needed.device, non_blocking=True)
    stats = {"loss_ctc": encoded.per_utterance(loss), "ctc_impossible": encoded.count(impossible)}
    if with_error_rate:
        errors = ctc_errors(ctc, encoded.out, encoded.lengths, text, text_lengths)
        stats["cer_ctc"] = Weighted(torch.tensor(float(errors)), float(text_lengths.sum()))
    if not encoded.intermediate:
        return loss, stats
    layers = [
        ctc_loss(ctc, out, encoded.lengths, text, text_lengths) for _, out in encoded.intermediate
    ]
    inner = torch.stack(layers).mean()
    stats["loss_interctc"] = encoded.per_utterance(inner)
    return (1.0 - interctc_weight) * loss + interctc_weight * inner, stats


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


@torch.no_grad()
def ctc_errors(
    ctc: CTC, hidden: Tensor, lengths: Tensor, text: Tensor, text_lengths: Tensor
) -> int:
    """Token errors of greedy CTC in the whole batch.

    Args:
        ctc: ESPnet's CTC; blank is 0.
        hidden: (B, T, D).
        lengths: (B,) int64 on the CPU.
        text: (B, L) int64.
        text_lengths: (B,) int64 on the CPU.
    """
    best, references = ctc.argmax(hidden).tolist(), text.tolist()
    return sum(
        edit_distance(collapse(frames[:length]), reference[:tokens])
        for frames, length, reference, tokens in zip(
            best, lengths.tolist(), references, text_lengths.tolist(), strict=True
        )
    )
