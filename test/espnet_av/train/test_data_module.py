from __future__ import annotations

import logging
from itertools import islice

import numpy as np
import pytest
import torch
from oracles.toy_training import ToyDataset, ToyModel

from espnet_av.data import workers
from espnet_av.data.balance import SamplingConfig
from espnet_av.data.batch import Sample
from espnet_av.errors import DataDirError
from espnet_av.train.config import TrainConfig
from espnet_av.train.data_module import AVDataModule
from espnet_av.train.step_sampler import Progress


class Telling(ToyDataset):
    """The text of each sample says with what it was asked for."""

    def sample(self, index, epoch, step):
        sample = super().sample(index, epoch, step)
        return Sample(utt_id=sample.utt_id, video=sample.video, text=np.array([index, epoch, step]))


def module(num_workers, progress=None, **options):
    config = TrainConfig(
        batch_frames=24, max_utts=3, accum_grad=2, num_workers=num_workers, **options
    )
    return AVDataModule(Telling(), Telling(5), config, progress or Progress())


def batches(num_workers, count, progress=None):
    return list(islice(iter(module(num_workers, progress).train_dataloader()), count))


@pytest.mark.parametrize("num_workers", [1, 3])
def test_number_of_workers_changes_nothing(num_workers):
    expected, got = batches(0, 12), batches(num_workers, 12)
    for ours, theirs in zip(got, expected, strict=True):
        assert ours.key == theirs.key
        assert ours.batch.utt_id == theirs.batch.utt_id
        assert torch.equal(ours.batch.video, theirs.batch.video)
        assert torch.equal(ours.batch.text, theirs.batch.text)


def test_stored_states_take_room_too(monkeypatch):
    """Of 4 frames at 25 Hz, 3 states of 5 numbers in 8 frames at 50 Hz, as float16."""

    class Stored(Telling):
        def sample(self, index, epoch, step):
            states = np.zeros((2 * self.num_frames[index], 3, 5), np.float16)
            return Sample(utt_id=self.utt_ids[index], states=states)

    config = TrainConfig(batch_frames=24, max_utts=3, num_workers=3)
    data = AVDataModule(Stored(), Stored(5), config, Progress())
    assert data._states_bytes() == 2 * 3 * 5 * 2
    assert module(3)._states_bytes() == 0


def test_fewer_workers_where_shared_memory_is_small(monkeypatch, caplog):
    monkeypatch.setattr(workers, "_free_bytes", lambda: 5_000_000)
    data = module(3, prefetch_batches=4)
    loader = data.train_dataloader()
    # 24 frames of 88 x 88 pixels and sound, in two loaders, besides what passes.
    most = int(4_475_712 * 0.9) // (24 * (2560 + 88 * 88 + 32) * 2) - 2
    assert 3 <= most < 12
    assert (loader.num_workers, loader.prefetch_factor) == (3, most // 3)
    data.val_dataloader()
    assert caplog.text.count("/dev/shm has 5.0 MB free") == 1
    monkeypatch.setattr(workers, "_free_bytes", lambda: 0)
    assert module(3).val_dataloader().num_workers == 0


def test_dataset_is_told_epoch_and_step_of_the_batch():
    found = batches(2, 12)
    assert {batch.key.epoch for batch in found} >= {0, 1, 2}, "prefetching crosses epochs"
    for batch in found:
        assert set(batch.batch.text[:, 1].tolist()) == {batch.key.epoch}
        assert set(batch.batch.text[:, 2].tolist()) == {batch.key.micro_step // 2}


def test_fields_that_a_model_reads_must_be_in_both_sets():
    class Silent(ToyDataset):
        def sample(self, index, epoch, step):
            whole = super().sample(index, epoch, step)
            return Sample(utt_id=whole.utt_id, video=whole.video)

    module(0).check_fields(ToyModel())
    for train, valid, name in ((Silent(), Telling(), "training"), (Telling(), Silent(), "validat")):
        data = AVDataModule(train, valid, TrainConfig(), Progress())
        with pytest.raises(DataDirError, match=rf"{name}\w* set: u0 has no text"):
            data.check_fields(ToyModel())


def test_hours_are_those_that_were_recorded():
    """Not at the slowest speed, which lengths of batches are for."""
    data = module(0)
    assert data.train_sec == sum(Telling().recorded_frames) / 25
    assert data.train_sec < sum(Telling().num_frames) / 25


def test_loader_does_not_touch_the_generator_of_the_model():
    state = torch.get_rng_state()
    batches(0, 2)
    list(module(0).val_dataloader())
    assert torch.equal(torch.get_rng_state(), state)


def test_frames_and_padding_are_counted():
    for batch in batches(0, 4):
        lengths = batch.batch.video_lengths
        assert batch.num_frames == lengths.sum()
        assert batch.num_padded_frames == len(lengths) * lengths.max() <= 24


def test_validation_has_every_utterance_once():
    found = list(module(0).val_dataloader())
    assert sorted(u for batch in found for u in batch.batch.utt_id) == [f"u{i}" for i in range(5)]
    assert all(batch.counted for batch in found)


EVEN = {"sampling": SamplingConfig(temperature=1e9)}


def test_balanced_sampling_repeats_the_rare_ones(caplog):
    caplog.set_level(logging.INFO)
    found = islice(iter(module(0, **EVEN).train_dataloader()), 200)
    frames = {True: 0, False: 0}
    for batch in found:
        for utt_id, length in zip(batch.batch.utt_id, batch.batch.video_lengths, strict=True):
            frames[utt_id in ("u0", "u1")] += int(length)
    assert frames[True] / sum(frames.values()) == pytest.approx(0.5, abs=0.02)
    assert "share of the training frames by lang: common 50.0%, rare 50.0%" in caplog.text


def test_balanced_sampling_goes_on_where_it_stopped():
    whole = list(islice(iter(module(0, **EVEN).train_dataloader()), 20))
    key = whole[11].key
    progress = Progress(micro_step=11, epoch=key.epoch, next_batch=key.batch)
    rest = list(islice(iter(module(0, progress, **EVEN).train_dataloader()), 9))
    assert [b.key for b in rest] == [b.key for b in whole[11:]]
    for ours, theirs in zip(rest, whole[11:], strict=True):
        assert torch.equal(ours.batch.video, theirs.batch.video)


def test_validation_is_not_balanced():
    found = list(module(0, **EVEN).val_dataloader())
    assert sorted(u for batch in found for u in batch.batch.utt_id) == [f"u{i}" for i in range(5)]
