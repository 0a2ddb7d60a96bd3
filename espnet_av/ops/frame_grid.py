"""Where in time the frames of windows and unpadded convolutions stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from espnet_av.rates import SAMPLE_RATE


@dataclass(frozen=True)
class FrameGrid:
    """Windows over the samples, then convolutions over the windows that use no padding."""

    window: int
    """Samples of a window."""
    hop: int
    """Samples from one window to the next."""
    center: bool
    """Whether the first window is centred on the first sample, the sound being reflected at its
    ends; otherwise it begins there."""
    stages: Sequence[tuple[int, int]]
    """(kernel, stride) of each convolution."""

    @property
    def step(self) -> int:
        """Samples from one frame to the next."""
        step = self.hop
        for _, stride in self.stages:
            step *= stride
        return step

    @property
    def rate(self) -> float:
        """Frames a second."""
        return SAMPLE_RATE / self.step

    @property
    def margin(self) -> int:
        """Samples by which the sound is reflected at each end."""
        return self.window // 2 if self.center else 0

    @property
    def first_centre(self) -> float:
        """Sample in the middle of frame 0."""
        centre, step = self.window / 2 - self.margin, self.hop
        for kernel, stride in self.stages:
            centre += step * (kernel - 1) / 2
            step *= stride
        return centre

    @property
    def min_samples(self) -> int:
        """Samples of the shortest sound that has a frame."""
        windows = 1
        for kernel, stride in reversed(self.stages):
            windows = (windows - 1) * stride + kernel
        needed = (windows - 1) * self.hop + self.window - 2 * self.margin
        # A sound cannot be reflected by more than it has.
        return max(needed, self.margin + 1)

    def num_windows(self, samples: Tensor) -> Tensor:
        """(B,) int64 samples -> windows."""
        beyond = samples + 2 * self.margin - self.window
        return torch.div(beyond, self.hop, rounding_mode="floor") + 1

    def num_frames(self, samples: Tensor) -> Tensor:
        """(B,) int64 samples -> frames, 0 where there are fewer than `min_samples`."""
        count = self.num_windows(samples)
        for kernel, stride in self.stages:
            count = torch.div(count - kernel, stride, rounding_mode="floor") + 1
        return torch.where(samples < self.min_samples, 0, count)
