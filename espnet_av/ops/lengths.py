"""Lengths, masks, and moving between padded clips and packed frames."""

import torch
from torch import Tensor


def valid_mask(lengths: Tensor, max_length: int, device: torch.device | None = None) -> Tensor:
    """Marks the frames that exist.

    Args:
        lengths: (B,) int64, on any device.
        max_length: number of padded frames.
        device: where the mask is wanted; that of `lengths` by default.

    Returns:
        (B, max_length) bool, True = valid frame.
    """
    steps = torch.arange(max_length, device=lengths.device)
    return (steps < lengths.unsqueeze(1)).to(device or lengths.device, non_blocking=True)


def packed_index(lengths: Tensor, max_length: int) -> Tensor:
    """Positions of the valid frames in a flattened (B * max_length) padded batch.

    Args:
        lengths: (B,) int64.
        max_length: number of padded frames.

    Returns:
        (N,) int64 with N = sum of `lengths`, in the order of utterance, then frame.
    """
    return valid_mask(lengths, max_length).flatten().nonzero().squeeze(1)


def neighbour_index(lengths: Tensor, radius: int) -> Tensor:
    """For each packed frame, the packed positions of its neighbours in the same clip.

    Args:
        lengths: (B,) int64 frames of each clip.
        radius: neighbours on each side.

    Returns:
        (N, 2 * radius + 1) int64, position N (one past the end) where the clip has no such frame.
    """
    total = int(lengths.sum())
    length = torch.repeat_interleave(lengths, lengths)
    start = torch.repeat_interleave(lengths.cumsum(0) - lengths, lengths)
    offsets = torch.arange(-radius, radius + 1, device=lengths.device)
    # (N, 1) + (2r + 1,) -> (N, 2r + 1), frame numbers within the clip
    frame = (torch.arange(total, device=lengths.device) - start).unsqueeze(1) + offsets
    inside = (frame >= 0) & (frame < length.unsqueeze(1))
    return torch.where(inside, frame + start.unsqueeze(1), total)


def same_clip_as_next(lengths: Tensor) -> Tensor:
    """Which packed frames are followed by another one of their clip.

    Args:
        lengths: (B,) int64 frames of each clip.

    Returns:
        (N - 1,) bool for the first N - 1 of the N = sum of `lengths` packed frames.
    """
    clip = torch.repeat_interleave(lengths)
    return clip[1:] == clip[:-1]


def unpack(packed: Tensor, index: Tensor, batch_size: int, max_length: int) -> Tensor:
    """Puts packed frames back into a zero-padded batch.

    Args:
        packed: (N, D) features of the valid frames.
        index: (N,) their positions, from `packed_index`.
        batch_size: B.
        max_length: T.

    Returns:
        (B, T, D), zero where there is no frame.
    """
    padded = packed.new_zeros(batch_size * max_length, packed.size(-1))
    return padded.index_copy(0, index, packed).view(batch_size, max_length, -1)
