"""Which frames the fused stream has: those of the video, or those of an audio front end."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from espnet_av.ops.frame_grid import FrameGrid
from espnet_av.ops.frame_interpolation import interpolate_frames
from espnet_av.ops.stream_lengths import StreamLengths
from espnet_av.rates import FRAME_HZ, SAMPLES_PER_FRAME


class FrameClock(Protocol):
    """Number and place of the frames of the fused stream."""

    @property
    def rate(self) -> float:
        """Frames a second."""

    def num_frames(self, lengths: StreamLengths) -> Tensor:
        """(B,) int64 frames of each utterance, on the CPU, whatever of it is computed."""

    def place(self, lips: Tensor, lengths: Tensor, num_frames: int) -> Tensor:
        """Features of the lips on the frames of the fused stream.

        Args:
            lips: (R, V, D) at 25 Hz.
            lengths: (R,) int64 video frames, on the CPU.
            num_frames: T of the batch.

        Returns:
            (R, T', D); T' may differ from T, what is missing or too much is padding.
        """


class VideoClock:
    """Every video frame gives the same number of frames; audio front ends are made to fit.

    Args:
        rate: frames a second, a multiple of 25.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._repeat = rate // FRAME_HZ

    def num_frames(self, lengths: StreamLengths) -> Tensor:
        """See `FrameClock`."""
        return lengths.frames * self._repeat

    def place(self, lips: Tensor, lengths: Tensor, num_frames: int) -> Tensor:
        """Each feature `repeat` times."""
        return lips if self._repeat == 1 else lips.repeat_interleave(self._repeat, dim=1)


class AudioClock:
    """The frames of an audio front end; lips are read at their centres.

    Args:
        grid: the frames of the front end.
    """

    def __init__(self, grid: FrameGrid) -> None:
        self._grid = grid

    @property
    def rate(self) -> float:
        """Frames a second."""
        return self._grid.rate

    def num_frames(self, lengths: StreamLengths) -> Tensor:
        """Those of the sound; where there is none, those that a sound of its duration would have.

        0 for an utterance that is too short for the front end.
        """
        silent = lengths.samples == 0
        samples = torch.where(silent, lengths.video * SAMPLES_PER_FRAME, lengths.samples)
        return self._grid.num_frames(samples)

    def place(self, lips: Tensor, lengths: Tensor, num_frames: int) -> Tensor:
        """The first features at 25 Hz; at another rate, linear interpolation."""
        if self._grid.step == SAMPLES_PER_FRAME:
            return lips
        steps = torch.arange(num_frames, dtype=torch.float64)
        centres = self._grid.first_centre + self._grid.step * steps
        positions = (centres - SAMPLES_PER_FRAME / 2) / SAMPLES_PER_FRAME
        return interpolate_frames(lips, lengths, positions)
