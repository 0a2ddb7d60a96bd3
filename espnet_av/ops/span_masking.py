"""Random spans of frames, the masks of wav2vec 2.0, HuBERT and AV-HuBERT, for a whole batch."""

import torch
import torch.nn.functional as F
from torch import Tensor

NOISE_WIDTH = 3
"""Random numbers a frame that `place_spans` wants: how many spans (first frame only), where they
start, and which masked frames `equal` gives back."""


def place_spans(
    lengths: Tensor,
    noise: Tensor,
    *,
    start_prob: float,
    span: int,
    min_spans: int,
    equal: bool = False,
) -> Tensor:
    """Marks spans of frames in each utterance (arXiv 2006.11477, section 3.1).

    An utterance of T frames gets `start_prob * T` spans, rounded up or down at random so that this
    is their mean, but at least `min_spans`. Their starts are distinct and uniform over the places
    where a whole span fits; spans may overlap. What fairseq calls mask_prob 0.8 with mask_length 10
    is `start_prob` 0.08 with `span` 10, and masks 57 % of the frames (1 - 0.92 ** 10).

    Unlike fairseq's, the last frame can be masked, and an utterance shorter than two spans gets
    spans of half its length (rounded down, at least one frame), so that something is left to see.

    Args:
        lengths: (B,) int64 frames of each utterance, on the device of `noise`; 0 gets no span.
        noise: (B, T, 3) uniform in [0, 1), T >= 1; of a row, only its valid frames matter.
        start_prob: expected spans a frame.
        span: frames of a span.
        min_spans: least number of spans, in an utterance with as many places.
        equal: in each utterance as many masked frames as in the one that has the fewest (0 if one
            is empty): the others give masked frames back at random.

    Returns:
        (B, T) bool, True = masked; never beyond a length.
    """
    num_frames = noise.size(1)
    spans = torch.div(lengths, 2, rounding_mode="floor").clamp(1, span)
    places = torch.where(lengths > 0, lengths - spans + 1, 0)
    wanted = (start_prob * lengths + noise[:, 0, 0]).floor().long().clamp(min=min_spans)
    # The most that any row can want, known without asking the device.
    most = min(max(min_spans, int(start_prob * num_frames) + 1), num_frames)
    steps = torch.arange(num_frames, device=noise.device)
    starts = _choose(noise[:, :, 1], steps < places.unsqueeze(1), wanted, most)
    # A frame is masked if a span starts at it or up to `spans - 1` frames before.
    total = F.pad(starts.long().cumsum(1), (1, 0))
    before = (steps + 1 - spans.unsqueeze(1)).clamp(min=0)
    mask = (total[:, 1:] > total.gather(1, before)) & (steps < lengths.unsqueeze(1))
    if not equal:
        return mask
    return _choose(noise[:, :, 2], mask, mask.sum(1).min().expand_as(lengths), num_frames)


def _choose(noise: Tensor, candidates: Tensor, counts: Tensor, most: int) -> Tensor:
    """Marks in each row the `counts` candidates with the smallest noise, all if they are fewer.

    Args:
        noise: (B, T).
        candidates: (B, T) bool.
        counts: (B,) int64.
        most: at least the largest of `counts`, at most T.
    """
    ranked = torch.where(candidates, noise, 2.0).topk(most, dim=1, largest=False).indices
    taken = torch.arange(most, device=noise.device) < counts.unsqueeze(1)
    return torch.zeros_like(candidates).scatter(1, ranked, taken) & candidates
