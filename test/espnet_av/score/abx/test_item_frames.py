"""Frames of items, read in any order; what is not finite has its file and frame."""

import numpy as np
import pytest
from oracles.abx_set import features, items, write_set

from espnet_av.errors import DataDirError
from espnet_av.features.feature_files import find_features, num_frames
from espnet_av.score.abx.item_frames import Room, StoredItems
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.spans import cut, parse_rate


def stored(folder):
    arrays = find_features(folder, features().keys())
    spans = cut(items(), num_frames(arrays), parse_rate("50"), AbxOptions())
    return StoredItems(spans, arrays, Room()), spans


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


def test_memory_is_used_again_by_layers_of_other_sizes(tmp_path):
    every, room = np.arange(48), Room()
    for dim in (5, 3, 8, 5):
        folder = tmp_path / str(dim)
        write_set(folder)
        wide = {name: np.tile(x, 2)[:, :dim] for name, x in features().items()}
        for name, values in wide.items():
            np.save(folder / f"{name}.npy", values)
        _, spans = stored(folder)
        frames = StoredItems(spans, find_features(folder, wide.keys()), room)
        for chosen in (every, every[::-7], every[3:4]):
            expected = [
                wide[spans.items[n].file][spans.start[n] : spans.end[n]] for n in chosen.tolist()
            ]
            found = frames.read(chosen, (spans.end - spans.start)[chosen])
            np.testing.assert_array_equal(found, np.concatenate(expected))
