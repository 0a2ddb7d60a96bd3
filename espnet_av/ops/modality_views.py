"""Every utterance three times: with both modalities, with its audio only, with its video only."""

from typing import NamedTuple

import torch
from torch import Tensor


class Views(NamedTuple):
    """Rows of an enlarged batch; all tensors are on the CPU."""

    rows: Tensor
    """(R,) int64 utterance of each row; the first B rows are the utterances as they are."""
    use_audio: Tensor
    """(R,) bool."""
    use_video: Tensor
    """(R,) bool."""


def single_view(use_audio: Tensor, use_video: Tensor) -> Views:
    """Each utterance once, with the modalities given by (B,) bool."""
    return Views(torch.arange(use_audio.numel()), use_audio, use_video)


def all_views(has_audio: Tensor, has_video: Tensor) -> Views:
    """Each utterance as it is, then those that have both with audio only, then with video only.

    Args:
        has_audio: (B,) bool on the CPU.
        has_video: (B,) bool on the CPU.
    """
    both = (has_audio & has_video).nonzero().squeeze(1)
    yes, no = torch.ones_like(both, dtype=torch.bool), torch.zeros_like(both, dtype=torch.bool)
    return Views(
        torch.cat([torch.arange(has_audio.numel()), both, both]),
        torch.cat([has_audio, yes, no]),
        torch.cat([has_video, no, yes]),
    )
