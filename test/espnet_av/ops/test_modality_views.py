"""Rows of a batch in which every utterance with two modalities comes three times."""

import itertools

import pytest
import torch

from espnet_av.ops.modality_views import all_views, single_view


def loop_views(has_audio, has_video):
    """(utterance, audio, video) of each row, by loops."""
    rows = [(i, a, v) for i, (a, v) in enumerate(zip(has_audio, has_video, strict=True))]
    both = [i for i, audio, video in rows if audio and video]
    return rows + [(i, True, False) for i in both] + [(i, False, True) for i in both]


def listed(views):
    return list(zip(*(column.tolist() for column in views), strict=True))


def test_views_of_a_mixed_batch():
    has_audio, has_video = torch.tensor([1, 0, 1]).bool(), torch.tensor([1, 1, 0]).bool()
    views = all_views(has_audio, has_video)
    seen = list(zip(*(column.tolist() for column in views), strict=True))
    assert seen == [
        (0, True, True),
        (1, False, True),
        (2, True, False),
        (0, True, False),
        (0, False, True),
    ]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_batch_of_up_to_three_utterances(size):
    for kinds in itertools.product(itertools.product([False, True], repeat=2), repeat=size):
        has_audio, has_video = zip(*kinds, strict=True)
        views = all_views(torch.tensor(has_audio), torch.tensor(has_video))
        assert listed(views) == loop_views(has_audio, has_video)
        assert [column.dtype for column in views] == [torch.int64, torch.bool, torch.bool]


def test_an_empty_batch_has_no_rows():
    none = torch.zeros(0, dtype=torch.bool)
    assert listed(all_views(none, none)) == listed(single_view(none, none)) == []


def test_a_single_view_is_the_batch_as_it_is():
    use_audio, use_video = torch.tensor([True, False, True]), torch.tensor([True, True, False])
    views = single_view(use_audio, use_video)
    assert listed(views) == [(0, True, True), (1, False, True), (2, True, False)]
    assert views.rows.dtype == torch.int64
