"""Labels read at another rate, and lengths that nearly fit."""

import pytest
import torch

from espnet_av.errors import DataDirError
from espnet_av.ops.label_rate import labels_at_rate


def read(size, from_hz, to_hz, num_frames):
    return labels_at_rate(torch.arange(size), from_hz, to_hz, num_frames, "u1").tolist()


def test_rates():
    assert read(10, 50, 25, 5) == [0, 2, 4, 6, 8]
    assert read(12, 100, 25, 3) == [0, 4, 8]
    assert read(3, 25, 50, 6) == [0, 0, 1, 1, 2, 2]
    assert read(4, 50, 50, 4) == [0, 1, 2, 3]
    assert read(0, 50, 25, 0) == []


def test_lengths_that_windows_leave():
    # 640 T samples: 4 T - 2 MFCC frames, 2 T - 1 frames of a wave front end; T = 5 video frames.
    assert read(18, 100, 25, 5) == [0, 4, 8, 12, 16]
    assert read(9, 50, 25, 5) == [0, 2, 4, 6, 8]
    assert read(9, 50, 50, 10) == [*range(9), -1]
    assert read(8, 50, 50, 10) == [*range(8), -1, -1]
    assert read(12, 50, 50, 10) == list(range(10))
    assert read(13, 50, 25, 5) == [0, 2, 4, 6, 8]


def test_padding_is_chosen():
    assert labels_at_rate(torch.arange(2), 25, 25, 3, "u1", pad=7).tolist() == [0, 1, 7]


@pytest.mark.parametrize(("size", "num_frames"), [(7, 10), (13, 10)])
def test_three_frames_are_too_many(size, num_frames):
    with pytest.raises(DataDirError, match=f"u1: {size} labels at 50 Hz .* has 10 frames"):
        read(size, 50, 50, num_frames)


def test_rates_that_do_not_fit():
    with pytest.raises(DataDirError, match="u1: labels at 100 Hz cannot be read at 40 Hz"):
        read(10, 100, 40, 4)


def test_type_is_kept():
    labels = torch.arange(4, dtype=torch.int32)
    assert labels_at_rate(labels, 50, 25, 3, "u1").dtype == torch.int32
