"""Lengths of two streams: agreement, absence, and errors that name the utterance."""

import pytest
import torch

from espnet_av.errors import DataDirError
from espnet_av.ops.stream_lengths import read_lengths


def test_frames_of_either_stream():
    lengths = read_lengths(torch.tensor([1280, 0, 700]), torch.tensor([2, 3, 0]))
    assert lengths.frames.tolist() == [2, 3, 1]


@pytest.mark.parametrize("which", [0, 1])
def test_one_stream_alone(which):
    given = [None, None]
    given[which] = torch.tensor([1280 if which == 0 else 2])
    assert read_lengths(*given).frames.tolist() == [2]


def test_different_durations_name_the_utterance():
    with pytest.raises(DataDirError, match=r"utterance s1-b has 1919 .* \(2 frames.* 3 video"):
        read_lengths(torch.tensor([640, 1919]), torch.tensor([1, 3]), ["s1-a", "s1-b"])


def test_nothing_at_all():
    with pytest.raises(DataDirError, match="number 1 of the batch has 639"):
        read_lengths(torch.tensor([640, 639]), None)
    with pytest.raises(DataDirError, match="neither speech nor video"):
        read_lengths(None, None)
