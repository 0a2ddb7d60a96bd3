"""Frames of items, read in any order; what is not finite has its file and frame."""

import numpy as np
import pytest
from oracles.abx_set import features, items, write_set

from espnet_av.errors import DataDirError
from espnet_av.features.feature_files import find_features, num_frames
from espnet_av.score.abx.item_frames import StoredItems
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.spans import cut, parse_rate


def stored(folder):
    arrays = find_features(folder, features().keys())
    spans = cut(items(), num_frames(arrays), parse_rate("50"), AbxOptions())
    return StoredItems(spans, arrays), spans


def test_items_one_behind_the_other(tmp_path):
    write_set(tmp_path)
    frames, spans = stored(tmp_path)
    chosen = np.array([7, 0, 30])
    length = (spans.end - spans.start)[chosen]
    expected = [
        features()[spans.items[n].file][spans.start[n] : spans.end[n]] for n in chosen.tolist()
    ]
    np.testing.assert_array_equal(frames.read(chosen, length), np.concatenate(expected))


def test_large_numbers_that_cancel_are_finite(tmp_path):
    write_set(tmp_path)
    values = features()["f0"]
    values[:, 0], values[:, 1] = 3e38, 3e38
    np.save(tmp_path / "f0.npy", values)
    frames, spans = stored(tmp_path)
    every = np.arange(8)
    assert np.isfinite(frames.read(every, (spans.end - spans.start)[every])).all()


def test_what_is_not_finite_is_named(tmp_path):
    write_set(tmp_path)
    values = features()["f3"]
    values[44, 4] = np.inf
    np.save(tmp_path / "f3.npy", values)
    frames, spans = stored(tmp_path)
    every = np.arange(48)
    with pytest.raises(DataDirError, match=r"f3\.npy: frame 44, number 4 is inf"):
        frames.read(every, spans.end - spans.start)
