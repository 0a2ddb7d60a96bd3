"""FaST-VGS's HDF5: rows by name, order by confidence, and files that do not fit."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.detections import COCO, HEIGHT, WIDTH, detection, write_hdf5

from espnet_av.errors import ArrayError, ConfigError, DataDirError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.hdf5 import Hdf5Source

ANY = ImagesConfig(num_regions=0, width=0)


def replace(path: Path, name: str, value: object) -> None:
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = value


def indexed(path: Path, index: Path) -> Hdf5Source:
    return Hdf5Source(path, ImagesConfig(num_regions=0, width=0, index={path.name: str(index)}))


def test_regions_come_by_confidence_with_boxes_as_shares(tmp_path: Path) -> None:
    source = Hdf5Source(write_hdf5(tmp_path / "val.hdf5"), ANY)
    assert list(source.names()) == list(COCO)
    name, found = next(source.read([COCO[1]]))
    told = detection(name)
    order = np.argsort(-told["objects_conf"])
    np.testing.assert_array_equal(found.features, told["features"][order])
    shares = told["boxes"] / (WIDTH, HEIGHT, WIDTH, HEIGHT)
    np.testing.assert_allclose(found.boxes, shares[order], atol=1e-6)
    assert source.describe()["images"] == 3


def test_names_come_from_the_json_where_the_file_has_none(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "val.hdf5", with_names=False)
    with pytest.raises(DataDirError, match=r"does not name its images .*index: \{val.hdf5: "):
        Hdf5Source(path, ANY)
    assert list(indexed(path, tmp_path / "val_imgid2idex.json").names()) == list(COCO)


def test_long_names_come_from_the_json(tmp_path: Path) -> None:
    """The file keeps 27 bytes of each."""
    long = ["l/laundromat/gsun_df5b011043802b4049b632a005de20e3.jpg", "a/attic/gsun_1.jpg"]
    path = write_hdf5(tmp_path / "places.hdf5", long)
    found = indexed(path, tmp_path / "places_imgid2idex.json")
    assert list(found.names()) == ["gsun_df5b011043802b4049b632a005de20e3", "gsun_1"]


def test_the_json_of_another_image_set_is_refused(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "val.hdf5")
    for content, told in (
        ('{"COCO_val2014_000000000001": 0}', "is said to be row 0 .* of another image set"),
        ('{"COCO_train2014_000000000009": 3}', "names row 3, and .* has 3: .* another image set"),
        ("{}", "another image set"),
        ("[1]", "no JSON of `image: row`"),
        ('{"x": "one"}', "no JSON of `image: row`"),
    ):
        with pytest.raises(DataDirError, match=told):
            indexed(path, put(tmp_path / "other.json", content))
    with pytest.raises(DataDirError, match=r"gone.json: no JSON"):
        indexed(path, tmp_path / "gone.json")


def test_files_that_are_no_such_hdf5_are_named(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(DataDirError, match=r"x.hdf5: cannot be read as HDF5"):
        Hdf5Source(put(tmp_path / "x.hdf5", "no"), ANY)
    whole = write_hdf5(tmp_path / "whole.hdf5").read_bytes()
    with pytest.raises(DataDirError, match=r"cannot be read as HDF5 \(.*truncated"):
        Hdf5Source(put(tmp_path / "x.hdf5", whole[: len(whole) // 2]), ANY)
    with h5py.File(tmp_path / "x.hdf5", "w") as file:
        file["embeddings"] = np.zeros((2, 3))
    with pytest.raises(DataDirError, match="no img_h, img_w, boxes, features in it, but embedd"):
        Hdf5Source(tmp_path / "x.hdf5", ANY)
    replace(write_hdf5(tmp_path / "x.hdf5"), "boxes", np.zeros((2, 3, 4)))
    with pytest.raises(DataDirError, match=r"boxes has shape \(2, 3, 4\), features \(3, 3, 8\)"):
        Hdf5Source(tmp_path / "x.hdf5", ANY)
    for name, value, told in (
        ("features", np.full((3, 3, 8), b"x"), r"features holds no numbers \(\|S1\)"),
        ("img_id", [b"a", b"b"], "2 names in img_id of 3 images: .* make it again"),
        ("img_h", 5, r"img_h has shape \(\)"),
    ):
        write_hdf5(tmp_path / "x.hdf5")
        replace(tmp_path / "x.hdf5", name, value)
        with pytest.raises(DataDirError, match=told):
            Hdf5Source(tmp_path / "x.hdf5", ANY)
    with h5py.File(tmp_path / "x.hdf5", "a") as file:
        del file["img_h"]
        file.create_group("img_h")
    with pytest.raises(DataDirError, match=r"img_h holds no numbers .a group"):
        Hdf5Source(tmp_path / "x.hdf5", ANY)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ConfigError, match="h5py is not installed; run: pip install h5py"):
        Hdf5Source(tmp_path / "x.hdf5", ANY)


def test_a_bad_row_costs_its_image_alone(tmp_path: Path) -> None:
    with h5py.File(write_hdf5(tmp_path / "x.hdf5"), "a") as file:
        file["boxes"][1] = (9, 9, 5, 5)
        file["features"][2, 0, 0] = np.inf
    source = Hdf5Source(tmp_path / "x.hdf5", ANY)
    found = [getattr(f, "reason", "") for _, f in source.read(source.names())]
    assert found == ["", "corners of a box in another order", "numbers that are not finite"]
    error = dict(source.read(source.names()))[COCO[1]]
    assert isinstance(error, ArrayError) and "x.hdf5: row 1: region 1 is" in str(error)
    replace(write_hdf5(tmp_path / "y.hdf5"), "img_h", [np.nan, 48, 48])
    again = Hdf5Source(tmp_path / "y.hdf5", ANY)
    assert dict(again.read([COCO[0]]))[COCO[0]].reason == "image without a size"


def test_a_name_that_comes_twice_is_told(tmp_path: Path, caplog) -> None:
    replace(write_hdf5(tmp_path / "x.hdf5"), "img_id", [b"a", b"a", b"b"])
    with caplog.at_level(logging.WARNING):
        assert list(Hdf5Source(tmp_path / "x.hdf5", ANY).names()) == ["a", "b"]
    assert "x.hdf5: row 1: a again; its first row counts" in caplog.text
