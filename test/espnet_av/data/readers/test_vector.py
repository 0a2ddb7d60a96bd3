"""Vectors of a teacher, from a data dir to a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from espnet_av.data.batch import Sample, collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import DataDirError


def test_from_data_dir_to_batch(corpus, tmp_path: Path) -> None:
    data = read_data_dir(corpus.data_dir)
    vectors = {}
    for number, utt_id in enumerate(data.utt_ids[:5]):
        np.save(tmp_path / f"{utt_id}.npy", np.full(4, number, np.float32))
        vectors[utt_id] = str(tmp_path / f"{utt_id}.npy")
    write_data_dir(corpus.data_dir, {**data.tables, "teacher.scp": vectors}, data.ctm)
    out = tmp_path / "dump"
    plan = plan_dump(corpus.data_dir, corpus.roi_dir, out, DumpConfig(shard_utts=3))
    write_shards(plan, 1, 1)
    finish_dump(plan)
    dataset = AVDataset(out, None, DatasetConfig(), reads=["teacher"], train=True)
    assert [drop.utt_id for drop in dataset.dropped] == ["s2-5", "s2-6"]
    batch = collate([dataset[4], dataset[1]]).as_dict()
    assert batch["teacher"].tolist() == [[4.0] * 4, [1.0] * 4]
    assert "teacher_lengths" not in batch


def test_vectors_of_two_sizes_are_no_batch() -> None:
    samples = [Sample(utt_id=f"u{size}", teacher=np.ones(size, np.float32)) for size in (3, 4)]
    with pytest.raises(DataDirError, match=r"u4: teacher of shape \(4,\), but u3 has"):
        collate(samples)
    with pytest.raises(DataDirError, match="u: teacher of shape None"):
        collate([samples[0], Sample(utt_id="u")])
