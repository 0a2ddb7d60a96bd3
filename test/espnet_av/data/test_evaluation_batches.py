"""Batches of a test set: as planned, and the same however they are loaded."""

from __future__ import annotations

import pytest
import torch

from espnet_av.data import workers
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.evaluation_batches import evaluation_batches

PLAN = [[2, 0], [4], [1, 3]]


@pytest.fixture
def dataset(tiny_run):
    return AVDataset(tiny_run.root / "dump" / "valid", None, DatasetConfig(video_crop=16))


def test_the_number_of_workers_changes_nothing(dataset):
    expected, got = (list(evaluation_batches(dataset, PLAN, n)) for n in (0, 2))
    assert [batch.utt_id for batch in got] == [[dataset.utt_ids[i] for i in b] for b in PLAN]
    for ours, theirs in zip(got, expected, strict=True):
        assert ours.utt_id == theirs.utt_id
        assert torch.equal(ours.video, theirs.video)
        assert torch.equal(ours.speech, theirs.speech)


def test_without_room_in_shared_memory_nothing_is_loaded_by_others(dataset, monkeypatch, caplog):
    monkeypatch.setattr(workers, "_free_bytes", lambda: 10_000)
    found = list(evaluation_batches(dataset, PLAN, 2))
    assert [len(batch) for batch in found] == [2, 1, 2]
    assert not any(batch.speech.is_shared() for batch in found)
    longest = max(len(b) * max(dataset.num_frames[i] for i in b) for b in PLAN)
    size = longest * (2560 + 16 * 16 + 32) / 1e6
    assert f"a batch takes up to {size:.1f} MB: room for 0 batches" in caplog.text


def test_an_empty_plan_has_no_batches(dataset):
    assert list(evaluation_batches(dataset, [], 2)) == []
