"""Random spans of frames, the masks of pre-training, for a whole batch."""

import torch
from torch import Tensor


def place_spans(
    lengths: Tensor, noise: Tensor, *, start_prob: float, span: int, min_spans: int
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
        noise: (B, T + 1) uniform in [0, 1), T >= 1: the first number of a row is for how many
            spans it gets, the others rank its frames as starts.
        start_prob: expected spans a frame.
        span: frames of a span.
        min_spans: least number of spans, in an utterance with as many places.

    Returns:
        (B, T) bool, True = masked; never beyond a length.
    """
    num_frames = noise.size(1) - 1
    spans = torch.div(lengths, 2, rounding_mode="floor").clamp(1, span)
    places = torch.where(lengths > 0, lengths - spans + 1, 0)
    wanted = (start_prob * lengths + noise[:, 0]).long().clamp(min=min_spans)
    # The most that any row can want, known without asking the device.
    most = min(max(min_spans, int(start_prob * num_frames) + 1), num_frames)
    steps = torch.arange(num_frames, device=noise.device)
    starts = _smallest(noise[:, 1:], steps < places.unsqueeze(1), most)
    taken = (steps[:most] < torch.minimum(wanted, places).unsqueeze(1)).int()
    # How many spans cover a frame: one more from a start on, one less from its end on.
    ends = (starts + spans.unsqueeze(1)).clamp(max=num_frames)
    changes = taken.new_zeros(len(lengths), num_frames + 1)
    changes = changes.scatter_add(1, starts, taken).scatter_add(1, ends, -taken)
    return changes.cumsum(1)[:, :num_frames] > 0


def start_spans(lengths: Tensor, noise: Tensor, *, start_prob: float, span: int) -> Tensor:
    """Lets a span start at every frame with one probability, as in BEST-RQ (arXiv 2202.01855).

    Spans may overlap and are cut at the end; an utterance can have none, or nothing else. Beyond
    the first `span` frames the share of masked ones is 1 - (1 - start_prob) ** span, which is what
    NeMo and others call a fraction or a probability in turn.

    Args:
        lengths: (B,) int64 frames of each utterance, on the device of `noise`.
        noise: (B, T) uniform in [0, 1).
        start_prob: of each frame.
        span: frames of a span.

    Returns:
        (B, T) bool, True = masked; never beyond a length.
    """
    starts = (noise < start_prob).int().cumsum(1)
    before = torch.nn.functional.pad(starts, (span, 0))[:, : noise.size(1)]
    steps = torch.arange(noise.size(1), device=noise.device)
    return (starts > before) & (steps < lengths.unsqueeze(1))


def equalise_masks(mask: Tensor, noise: Tensor) -> Tensor:
    """Unmasks random frames until all utterances have as many as the one that has the fewest.

    An utterance without any, such as sound alone among clips whose lips are masked, does not count.

    Args:
        mask: (B, T) bool, True = masked.
        noise: (B, T) uniform in [0, 1).

    Returns:
        (B, T) bool, nowhere True where `mask` is not.
    """
    num_frames = mask.size(1)
    counts = mask.sum(dim=1)
    fewest = counts.masked_fill(counts == 0, num_frames).min()
    kept = torch.arange(num_frames, device=mask.device) < fewest
    ranked = _smallest(noise, mask, num_frames)
    return torch.zeros_like(mask).scatter(1, ranked, kept.expand_as(mask)) & mask


def _smallest(noise: Tensor, candidates: Tensor, count: int) -> Tensor:
    """Positions of the candidates with the smallest noise, in its order, then of others.

    Args:
        noise: (B, T).
        candidates: (B, T) bool.
        count: at most T.

    Returns:
        (B, count) int64.
    """
    return noise.masked_fill(~candidates, 2.0).topk(count, dim=1, largest=False).indices
