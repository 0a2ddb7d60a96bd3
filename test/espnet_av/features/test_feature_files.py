"""Folders and tables of features: found by name, in any depth; doubles and odd sizes are named."""

import numpy as np
import pytest
from oracles.abx_set import features, write_set

from espnet_av.data.ark import ArkWriter
from espnet_av.errors import DataDirError
from espnet_av.features.feature_files import find_features, num_frames


def test_folders_in_folders(tmp_path):
    write_set(tmp_path / "a" / "b")
    found = find_features(tmp_path, ["f0", "a/b/f1", "f9"])
    assert num_frames(found) == {"f0": 60, "a/b/f1": 60}
    np.testing.assert_array_equal(found["a/b/f1"].read(3, 4), features()["f1"][3:4])


def test_a_name_twice(tmp_path):
    write_set(tmp_path / "a")
    write_set(tmp_path / "b")
    with pytest.raises(DataDirError, match=r"f0 stands for .*a/f0\.npy and for .*b/f0\.npy"):
        find_features(tmp_path, ["f0"])
    assert find_features(tmp_path, ["a/f0"])["a/f0"].num_frames == 60
    np.save(tmp_path / "a" / "x.npy", np.ones((2, 2)))
    assert len(find_features(tmp_path, ["x"])) == 1, "those that are not asked for may be there"


def test_tables(tmp_path):
    with ArkWriter(tmp_path / "x.ark") as ark:
        rows = [f"{n} {ark.write_array(n, v)}\n" for n, v in features().items()]
    (tmp_path / "layer3.scp").write_text("".join(reversed(rows)))
    for source in (tmp_path, tmp_path / "layer3.scp"):
        found = find_features(source, ["f4"])["f4"]
        np.testing.assert_allclose(found.read(0, 60), features()["f4"], atol=1e-3)
    (tmp_path / "layer4.scp").write_text("".join(rows))
    with pytest.raises(DataDirError, match=r"2 \.scp files, name one"):
        find_features(tmp_path, ["f4"])


def test_what_is_not_there(tmp_path):
    with pytest.raises(DataDirError, match="no such folder"):
        find_features(tmp_path / "no", ["f0"])
    with pytest.raises(DataDirError, match=r"expected \.npy or \.pt files, or one \.scp"):
        find_features(tmp_path, ["f0"])


def test_sizes_that_differ(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((4, 5)))
    np.save(tmp_path / "b.npy", np.ones((5, 4)))
    with pytest.raises(DataDirError, match=r"b\.npy: 4 numbers a frame, but 5 in .*a\.npy"):
        find_features(tmp_path, ["a", "b"])
