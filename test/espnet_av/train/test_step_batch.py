"""A micro-batch with its place in the run: what is counted, and what the dataset is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from espnet_av.data.batch import Sample
from espnet_av.train.step_batch import KeyedDataset, StepBatch, collate_step
from espnet_av.train.step_sampler import ItemKey

KEY = ItemKey(index=3, epoch=2, batch=1, micro_step=8, step=4)


def sample(utt_id, video=None, speech=None):
    """Of so many frames and samples."""
    return Sample(
        utt_id=utt_id,
        video=None if video is None else np.full((video, 2, 2), 7, np.uint8),
        speech=None if speech is None else np.full(speech, 0.5, np.float32),
    )


def collated(*samples, key=KEY):
    return collate_step([(found, key) for found in samples])


@pytest.mark.parametrize(
    ("lengths", "frames"),
    [
        ([(4, None), (6, None)], [4, 6]),
        ([(None, 640), (None, 640 * 3 + 639)], [1, 3]),
        ([(4, 640 * 4), (5, 640 * 5)], [4, 5]),
        ([(2, 640 * 4), (5, 640)], [4, 5]),
        ([(4, None), (None, 640 * 9)], [4, 9]),
        ([(3, None)], [3]),
        ([(None, 639)], [0]),
    ],
)
def test_frames_and_padding(lengths, frames):
    found = collated(*(sample(f"u{i}", *pair) for i, pair in enumerate(lengths)))
    assert found.num_frames == sum(frames)
    assert found.num_padded_frames == len(frames) * max(frames)
    assert found.batch.utt_id == [f"u{i}" for i in range(len(lengths))]


def test_the_key_is_that_of_the_first_utterance():
    items = [(sample("a", 3), KEY), (sample("b", 4), KEY._replace(index=9))]
    assert collate_step(items).key == KEY


@pytest.mark.parametrize(("epoch", "counted"), [(0, True), (5, True), (-1, False)])
def test_only_batches_of_an_epoch_are_counted(epoch, counted):
    assert collated(sample("a", 3), key=KEY._replace(epoch=epoch)).counted is counted


def test_moving_and_sharing_leave_all_else_as_it_is():
    found = collated(sample("a", 3, 640 * 3), sample("b", 2, 640 * 2))
    there = found.to("meta")
    assert isinstance(there, StepBatch)
    assert there.batch.video.device.type == there.batch.speech.device.type == "meta"
    rest = (found.key, found.num_frames, found.num_padded_frames)
    assert (there.key, there.num_frames, there.num_padded_frames) == rest
    assert found.batch.video.device.type == "cpu"
    before = found.batch.video.clone()
    found.share_memory()
    assert found.batch.video.is_shared() and torch.equal(found.batch.video, before)


class Told:
    """Notes what it is asked for."""

    utt_ids = ("a",)

    def sample(self, index, epoch, step):
        return index, epoch, step


@pytest.mark.parametrize(("epoch", "asked"), [(2, 2), (0, 0), (-1, 0)])
def test_the_dataset_is_told_utterance_epoch_and_step(epoch, asked):
    key = KEY._replace(epoch=epoch)
    assert KeyedDataset(Told())[key] == ((3, asked, 4), key), "the key itself travels on unchanged"
