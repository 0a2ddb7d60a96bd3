"""Shortcut of a residual block: right gradients on every processor, one thread or more."""

import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from espnet_av.modules.frontend.shortcut import ShortcutConv
from espnet_av.modules.frontend.visual_resnet import ResidualBlock

# The gradient of the weight of a whole block's shortcut against the sum over pixels in float64.
GRADIENTS = """
import itertools
import torch
from espnet_av.modules.frontend.visual_resnet import ResidualBlock

for threads, channels in itertools.product((1, 2), (1, 2, 4, 7, 8, 12, 15, 16, 20)):
    torch.set_num_threads(threads)
    for size in (2, 6, 12, 22, 44, 7):
        torch.manual_seed(channels)
        block = ResidualBlock(channels, 2 * channels, 2, "relu")
        x = torch.randn(5, channels, size, size)
        x = x.contiguous(memory_format=torch.channels_last).requires_grad_(True)
        conv = block.downsample[0]
        out = conv(x)
        given = torch.randn(out.shape).contiguous(memory_format=torch.channels_last)
        out.backward(given)
        seen = x.detach()[:, :, ::2, ::2].double()
        right = torch.einsum("nohw,nihw->oi", given.double(), seen)
        error = (conv.weight.grad[:, :, 0, 0].double() - right).abs().max() / right.abs().max()
        assert error < 1e-4, (threads, channels, size, float(error))
print("right")
"""


@pytest.mark.parametrize("isa", ["", "AVX2"])
def test_gradients_are_right_with_the_kernels_of_every_processor(isa):
    """In a process of its own: what runs over the end of its room may end it or hang it."""
    # glibc then looks at the heap at each call, and says so by ending the process.
    given = {"MALLOC_CHECK_": "3", "ONEDNN_MAX_CPU_ISA": isa, "OMP_NUM_THREADS": "2"}
    run = subprocess.run(
        [sys.executable, "-c", GRADIENTS],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout.strip() == "right", f"{run.returncode}: {run.stderr[-2000:]}"


@pytest.fixture
def strides(monkeypatch):
    """The stride of every convolution that is computed."""
    seen, plain = [], F.conv2d

    def conv2d(x, weight, bias=None, stride=1, *rest):
        seen.append((tuple(x.shape[1:]), stride))
        return plain(x, weight, bias, stride, *rest)

    monkeypatch.setattr(F, "conv2d", conv2d)
    return seen


@pytest.mark.parametrize(
    ("channels", "size", "stepped"),
    [(15, (6, 6), False), (16, (6, 6), True), (4, (5, 6), True), (4, (6, 5), True)],
)
def test_where_the_pixels_are_taken_out_before(strides, channels, size, stepped):
    """Wide maps and odd sides are computed as ever."""
    conv = ShortcutConv(channels, 8, 2)
    x = torch.randn(2, channels, *size)
    out = conv(x)
    assert torch.allclose(out, F.conv2d(x, conv.weight)[:, :, ::2, ::2], atol=1e-6)
    shape, stride = strides[0]
    assert (stride == (2, 2)) == stepped
    assert shape[1:] == (size if stepped else (3, 3))


def test_a_shortcut_of_stride_one_is_a_plain_convolution(strides):
    conv = ShortcutConv(4, 8, 1)
    conv(torch.randn(2, 4, 6, 6))
    assert strides == [((4, 6, 6), (1, 1))]


def test_names_of_the_weights_stay():
    names = set(ResidualBlock(4, 8, 2, "relu").state_dict())
    assert "downsample.0.weight" in names
    assert "downsample.0.bias" not in names
