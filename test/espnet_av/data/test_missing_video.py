"""Missing video: which frames, the same ones always, and what a dataset makes of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from espnet_av.data.batch import Sample, collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.missing_video import KINDS, MissingVideo, lost_video, missing_frames
from espnet_av.errors import DataDirError

PLAIN = DatasetConfig(flip_prob=0.0, time_mask_frames=0)
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
IDS = [f"u{i}" for i in range(400)]


def samples(dataset: AVDataset) -> list[Sample]:
    return [dataset[index] for index in range(len(dataset))]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "whole"])
@pytest.mark.parametrize("num_frames", [0, 1, 7, 30])
@pytest.mark.parametrize("share", SHARES)
def test_the_nearest_number_of_frames_is_missing(kind, num_frames, share):
    lost = missing_frames(MissingVideo(kind, share), num_frames, "u1")
    assert lost.shape == (num_frames,)
    assert abs(lost.sum() - share * num_frames) <= 0.5
    if kind != "frames" and lost.any():
        places = lost.nonzero()[0]
        assert np.array_equal(places, np.arange(places[0], places[0] + len(places)))


def test_where_the_stretches_are():
    found = {
        kind: missing_frames(MissingVideo(kind, 0.4), 10, "u").nonzero()[0].tolist()
        for kind in ("start", "middle", "end")
    }
    assert found == {"start": [0, 1, 2, 3], "middle": [3, 4, 5, 6], "end": [6, 7, 8, 9]}


@pytest.mark.parametrize("kind", KINDS)
def test_more_is_missing_of_the_same(kind):
    for utt_id in IDS[:20]:
        by_share = [missing_frames(MissingVideo(kind, share), 20, utt_id) for share in SHARES]
        for less, more in pairwise(by_share):
            assert (more | ~less).all()
        assert by_share[-1].all()


def test_chance_depends_on_utterance_and_seed_alone():
    for kind, differs in (("frames", True), ("start", False)):
        missing = MissingVideo(kind, 0.5)
        one = missing_frames(missing, 30, "u1", seed=3)
        assert np.array_equal(one, missing_frames(missing, 30, "u1", seed=3))
        for other in (missing_frames(missing, 30, "u2", 3), missing_frames(missing, 30, "u1", 4)):
            assert np.array_equal(one, other) is not differs


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_share_of_the_utterances_is_missing_as_a_whole(share):
    lost = [missing_frames(MissingVideo("whole", share), 5, utt_id) for utt_id in IDS]
    assert all(frames.all() or not frames.any() for frames in lost)
    # Four standard deviations of a share of 400 draws
    limit = 4 * (share * (1 - share) / len(IDS)) ** 0.5
    assert abs(np.mean([frames.all() for frames in lost]) - share) < limit


def test_single_frames_are_spread_evenly():
    counts = sum(missing_frames(MissingVideo("frames", 0.5), 10, u).astype(int) for u in IDS)
    assert counts.min() > 150
    assert counts.max() < 250


def test_record_of_what_was_lost():
    lines, share = lost_video(MissingVideo("end", 0.5), {"a": 3, "b": 4}, seed=0)
    assert [tuple(line) for line in lines] == [("a", "end", 0.5, 2, 3), ("b", "end", 0.5, 2, 4)]
    assert share == 4 / 7
    assert lost_video(MissingVideo("whole", 1.0), {"a": 3}, seed=0)[1] == 1.0


def test_a_test_shows_black_frames_and_nothing_else_changes(dump_dir: Path) -> None:
    plain = samples(AVDataset(dump_dir, None, PLAIN, seed=5))
    assert all((sample.video > 0).any((1, 2)).all() for sample in plain if sample.video is not None)
    for kind in ("frames", "start", "middle", "end"):
        missing = MissingVideo(kind, 0.4)
        dataset = AVDataset(dump_dir, None, PLAIN, seed=5, missing_video=missing)
        for whole, left in zip(plain, samples(dataset), strict=True):
            assert (whole.speech is None) == (left.speech is None)
            if whole.speech is not None:
                np.testing.assert_array_equal(whole.speech, left.speech)
            if whole.video is None:
                assert left.video is None
                continue
            lost = missing_frames(missing, len(whole.video), whole.utt_id, 5)
            assert lost.any()
            assert not left.video[lost].any()
            np.testing.assert_array_equal(left.video[~lost], whole.video[~lost])


def test_a_whole_clip_that_is_missing_is_no_video(heard_dir: Path) -> None:
    plain = AVDataset(heard_dir, None, PLAIN)
    dataset = AVDataset(heard_dir, None, PLAIN, missing_video=MissingVideo("whole", 0.5))
    absent = [sample.utt_id for sample in samples(dataset) if sample.video is None]
    clips = {sample.utt_id: sample.video for sample in samples(plain) if sample.video is not None}
    taken = [u for u in absent if u in clips]
    assert 0 < len(taken) < len(clips)
    assert taken == [u for u in clips if missing_frames(MissingVideo("whole", 0.5), 9, u).all()]
    lengths = dict(zip(dataset.utt_ids, collate(samples(dataset)).video_lengths, strict=True))
    assert all((lengths[u] == 0) == (u in absent) for u in lengths)
    none = AVDataset(heard_dir, None, PLAIN, missing_video=MissingVideo("whole", 1.0))
    assert collate(samples(none)).video is None


def test_something_must_be_left(dump_dir: Path) -> None:
    missing = MissingVideo("whole", 0.5)
    with pytest.raises(DataDirError, match=r"whole:0.5: 1 test utterances .* e.g. s1-4"):
        AVDataset(dump_dir, None, PLAIN, missing_video=missing)
    with pytest.raises(DataDirError, match="neither sound nor video"):
        AVDataset(dump_dir, None, PLAIN, modalities="V", missing_video=missing, partial=True)


@pytest.fixture
def heard_dir(dump_dir: Path) -> Path:
    """The small corpus without the utterance that has no sound."""
    data = read_data_dir(dump_dir)
    heard = data.subset([utt_id for utt_id in data.utt_ids if utt_id != "s1-4"])
    write_data_dir(dump_dir, heard.tables, heard.ctm)
    return dump_dir
