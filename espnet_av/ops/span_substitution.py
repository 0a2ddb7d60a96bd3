"""Where a masked span of a clip is filled from: a span of equal length elsewhere in that clip."""

import torch
from torch import Tensor


def span_sources(mask: Tensor, lengths: Tensor, noise: Tensor) -> Tensor:
    """For each frame, the frame of the same clip that takes its place (AV-HuBERT's `same_seq`).

    A run of masked frames [s, e) is filled from [o, o + e - s), where o is drawn evenly from the
    starts of the clip that do not overlap the run: o < s - (e - s) or o >= e. Beyond the end of
    the clip its last frame is repeated. Where no such start exists, o is 0. Differs from the
    original in two points: the frames come from the clip's own length, never from its padding,
    and a batch of one is treated as every other.

    Args:
        mask: (B, T) bool, True = masked; only frames below `lengths` count.
        lengths: (B,) int64 frames, on the device of `mask`.
        noise: (B, T) uniform in [0, 1); of a run, that of its first frame matters.

    Returns:
        (B, T) int64 frame numbers; a frame that is not masked is its own source.
    """
    num_frames = mask.size(1)
    steps = torch.arange(num_frames, device=mask.device)
    lengths = lengths.unsqueeze(1)
    mask = mask & (steps < lengths)
    begins, ends = run_bounds(mask)
    before = (begins - (ends - begins)).clamp(min=0)
    choices = before + lengths - ends
    draws = noise.gather(1, begins)
    chosen = torch.minimum((draws * choices).long(), choices - 1)
    origin = torch.where(chosen < before, chosen, ends + chosen - before)
    origin = torch.where(choices > 0, origin, 0)
    source = torch.minimum(origin + steps - begins, lengths - 1)
    return torch.where(mask, source, steps)


def run_bounds(mask: Tensor) -> tuple[Tensor, Tensor]:
    """First frame and one past the last frame of the run of equal values around each frame.

    Args:
        mask: (B, T) bool.

    Returns:
        (begins, ends), each (B, T) int64.
    """
    num_frames = mask.size(1)
    steps = torch.arange(num_frames, device=mask.device).expand_as(mask)
    edge = torch.ones_like(mask[:, :1])
    changes = mask[:, 1:] != mask[:, :-1]
    starts_here = torch.cat([edge, changes], dim=1)[:, :num_frames]
    stops_here = torch.cat([changes, edge], dim=1)[:, :num_frames]
    begins = torch.where(starts_here, steps, 0).cummax(dim=1).values
    last = torch.where(stops_here, steps, num_frames).flip(1).cummin(dim=1).values.flip(1)
    return begins, last + 1
