"""Frames of windows and unpadded convolutions, against counting them one by one."""

import pytest
import torch

from espnet_av.ops.frame_grid import FrameGrid

STAGES = {
    "conv2d": ((3, 2), (3, 2)),
    "conv2d1": ((3, 1), (3, 1)),
    "conv2d2": ((3, 2), (3, 1)),
    "conv2d6": ((3, 2), (5, 3)),
    "conv2d8": ((3, 2), (3, 2), (3, 2)),
}


def spans(grid, samples):
    """First and last sample that each frame sees, found by sliding every window and kernel."""
    start, stop = -grid.margin, samples + grid.margin
    frames = [
        (first, first + grid.window - 1)
        for first in range(start, stop, grid.hop)
        if first + grid.window <= stop
    ]
    for kernel, stride in grid.stages:
        places = range(0, len(frames) - kernel + 1, stride)
        frames = [(frames[i][0], frames[i + kernel - 1][1]) for i in places]
    return frames


@pytest.mark.parametrize("stages", STAGES.values(), ids=STAGES)
@pytest.mark.parametrize(("window", "hop", "center"), [(512, 160, True), (400, 128, False)])
def test_number_and_place_of_frames(stages, window, hop, center):
    grid = FrameGrid(window, hop, center, stages)
    lengths = torch.arange(grid.min_samples - 3, grid.min_samples + 9 * grid.step, 97)
    counts = grid.num_frames(lengths).tolist()
    assert counts == [len(spans(grid, n)) for n in lengths.tolist()]
    assert counts[0] == 0
    assert counts[-1] > 3
    middles = [(first + last + 1) / 2 for first, last in spans(grid, int(lengths[-1]))]
    assert middles == [grid.first_centre + grid.step * k for k in range(len(middles))]
    assert grid.rate == 16000 / grid.step


def test_the_shortest_sound():
    grid = FrameGrid(512, 160, True, STAGES["conv2d"])
    assert grid.min_samples == 960
    assert grid.num_frames(torch.tensor([0, 959, 960])).tolist() == [0, 0, 1]
    # Windows so wide that a sound with enough of them could not be reflected.
    wide = FrameGrid(4096, 160, True, STAGES["conv2d"])
    assert wide.num_frames(torch.tensor([2048, 2049])).tolist() == [0, 2]
