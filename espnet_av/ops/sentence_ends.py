"""Decoder input and target: a text with start and end of sentence, without a host sync."""

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.padding import PAD_ID


def add_sentence_ends(text: Tensor, text_lengths: Tensor, ends: int) -> tuple[Tensor, Tensor]:
    """Shifts a text right for teacher forcing.

    Args:
        text: (B, L) int64, -1 beyond the length.
        text_lengths: (B,) int64 on the device of `text`.
        ends: id that is both start and end of sentence.

    Returns:
        (B, L + 1) input: start, tokens, padded with `ends`; and
        (B, L + 1) target: tokens, end, padded with -1.
    """
    inputs = F.pad(text.masked_fill(text == PAD_ID, ends), (1, 0), value=ends)
    targets = F.pad(text, (0, 1), value=PAD_ID)
    end = torch.full_like(text_lengths, ends).unsqueeze(1)
    return inputs, targets.scatter(1, text_lengths.unsqueeze(1), end)
