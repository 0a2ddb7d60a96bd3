"""The 1x1 convolution beside a residual block, which brings its input to the block's output."""

import torch.nn.functional as F
from torch import Tensor, nn

SAFE_CHANNELS = 16
"""Widest block of channels of oneDNN's kernels: 16 with AVX-512, 8 with AVX2."""


class ShortcutConv(nn.Conv2d):
    """1x1 convolution without bias.

    For the gradient of the weight, oneDNN (seen with 3.10) first gathers the pixels that a stride
    leaves. With fewer channels than its block that copy, in a map whose sides the stride divides,
    runs over the end of its room: at once on AVX2, with two threads or more on AVX-512 too. What
    lies behind is overwritten: the process aborts or hangs, or the gradient is wrong without a
    word. There the pixels are taken out before, which gives the same bits where it went well.

    Args:
        in_channels: channels that come in.
        channels: channels that go out.
        stride: in both directions.
    """

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__(in_channels, channels, 1, stride, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', ceil(H / stride), ceil(W / stride))."""
        down, across = self.stride
        height, width = input.shape[2:]
        gathered = (down, across) != (1, 1) and height % down == 0 and width % across == 0
        if gathered and self.in_channels < SAFE_CHANNELS and input.device.type == "cpu":
            return F.conv2d(input[:, :, ::down, ::across], self.weight)
        return super().forward(input)
