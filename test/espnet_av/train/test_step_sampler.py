from __future__ import annotations

from itertools import islice

import pytest

from espnet_av.data.sampler import BucketBatchSampler
from espnet_av.train.step_sampler import EvalSampler, Progress, StepSampler

FRAMES = [5, 9, 7, 30, 28, 12, 13, 8, 6]


def sampler():
    return BucketBatchSampler(FRAMES, batch_frames=30, max_utts=2, seed=4)


def test_endless_and_every_utterance_once_an_epoch():
    per_epoch = len(sampler())
    batches = list(islice(StepSampler(sampler(), Progress(), 2), 3 * per_epoch))
    for epoch in range(3):
        part = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert sorted(key.index for batch in part for key in batch) == list(range(len(FRAMES)))
        assert {key.epoch for batch in part for key in batch} == {epoch}
        assert [batch[0].batch for batch in part] == list(range(per_epoch))
    assert [batch[0].micro_step for batch in batches] == list(range(3 * per_epoch))
    assert [batch[0].step for batch in batches[:5]] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("consumed", range(13))
def test_a_run_goes_on_where_it_was(consumed):
    whole = list(islice(StepSampler(sampler(), Progress(), 2), 20))
    progress = Progress()
    if consumed:
        last = whole[consumed - 1][0]
        progress = Progress(
            micro_step=last.micro_step + 1, epoch=last.epoch, next_batch=last.batch + 1
        )
    rest = list(islice(StepSampler(sampler(), progress, 2), 20 - consumed))
    assert rest == whole[consumed:]


@pytest.mark.parametrize("world_size", [1, 2, 3, 7])
def test_validation_counts_each_utterance_once_and_ranks_get_equally_many(world_size):
    batches = BucketBatchSampler(FRAMES, 30, 2, shuffle=False).batches(0)
    ranks = [list(EvalSampler(batches, rank, world_size)) for rank in range(world_size)]
    assert {len(rank) for rank in ranks} == {-(-len(batches) // world_size)}
    counted = [key.index for rank in ranks for batch in rank for key in batch if key.epoch >= 0]
    assert sorted(counted) == list(range(len(FRAMES)))
