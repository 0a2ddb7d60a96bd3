"""Images with boxes, from a data dir to a batch."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espnet_av.data.batch import collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.readers.image import ImageIdReader
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import DataDirError

PLAIN = DatasetConfig()
GENERATOR = np.random.default_rng(0)
FEATURES = {name: GENERATOR.normal(size=(n, 6)) for name, n in (("cat", 3), ("dog", 2))}
BOXES = {name: GENERATOR.random((len(rows), 4)) for name, rows in FEATURES.items()}


@pytest.fixture
def images(corpus, tmp_path: Path) -> Path:
    """The corpus, whose utterances describe one of two images by turns; `s2-6` describes none."""
    data = read_data_dir(corpus.data_dir)
    tables: dict[str, dict[str, str]] = {"image.scp": {}, "boxes.scp": {}}
    for table, arrays in (("image.scp", FEATURES), ("boxes.scp", BOXES)):
        for name, array in arrays.items():
            path = tmp_path / f"{name}.{table[:-4]}.npy"
            np.save(path, array)
            tables[table][name] = str(path)
    tables["utt2image"] = {u: ("dog", "cat")[n % 2] for n, u in enumerate(data.utt_ids[:6])}
    write_data_dir(corpus.data_dir, {**data.tables, **tables}, data.ctm)
    return corpus.data_dir


def dump(corpus, out: Path) -> Path:
    plan = plan_dump(corpus.data_dir, corpus.roi_dir, out, DumpConfig(shard_utts=3))
    write_shards(plan, 1, 1)
    finish_dump(plan)
    return out


def test_one_image_is_stored_once(images: Path, corpus, tmp_path: Path) -> None:
    out = dump(corpus, tmp_path / "dump")
    assert sorted(path.name for path in out.glob("image.*.ark")) == ["image.000001.ark"]
    dataset = AVDataset(out, None, PLAIN, reads={"image", "boxes"})
    assert [drop.utt_id for drop in dataset.dropped] == ["s2-6"]
    fields = collate([dataset[0], dataset[1]]).as_dict()
    assert fields["image"].shape == (2, 3, 6) and fields["image_lengths"].tolist() == [2, 3]
    for row, name in enumerate(("dog", "cat")):
        count = len(FEATURES[name])
        np.testing.assert_array_equal(fields["image"][row, :count], FEATURES[name].astype("e"))
        np.testing.assert_array_equal(fields["boxes"][row, :count], BOXES[name].astype("e"))


def test_an_image_that_cannot_be_read_costs_no_speech(
    images: Path, corpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Path(read_data_dir(images).tables["image.scp"]["cat"]).write_bytes(b"no image")
    with caplog.at_level(logging.WARNING):
        out = dump(corpus, tmp_path / "dump")
    assert "image.scp: cat: left out of the dump: " in caplog.text
    data = read_data_dir(out)
    assert len(data.utt_ids) == 7 and set(data.tables["image.scp"]) == {"dog"}
    reasons = {drop.reason for drop in AVDataset(out, None, PLAIN, reads=["image"]).dropped}
    assert reasons == {"not in image.scp"}


def test_an_image_for_each_utterance_needs_no_table_of_names(
    images: Path, corpus, tmp_path: Path
) -> None:
    data = read_data_dir(images)
    cat = data.tables["image.scp"]["cat"]
    own = {name: rows for name, rows in data.tables.items() if name not in BY_NAME}
    write_data_dir(images, {**own, "image.scp": {"s1-0": cat}}, data.ctm)
    dataset = AVDataset(dump(corpus, tmp_path / "dump"), None, PLAIN, reads=["image"])
    assert dataset.utt_ids == ["s1-0"]
    assert dataset[0].fields["image"].shape == (3, 6)


BY_NAME = ("image.scp", "boxes.scp", "utt2image")


def test_a_dump_is_dumped_again(images: Path, corpus, tmp_path: Path) -> None:
    """Archives of floats are copied as they are."""
    out = dump(corpus, tmp_path / "dump")
    data = read_data_dir(images)
    scp = {name: str(out / at) for name, at in read_data_dir(out).tables["image.scp"].items()}
    write_data_dir(images, {**data.tables, "image.scp": scp}, data.ctm)
    again = dump(corpus, tmp_path / "again")
    assert (again / "image.000001.ark").read_bytes() == (out / "image.000001.ark").read_bytes()


def test_captions_of_one_image_have_its_number(images: Path, corpus, tmp_path: Path) -> None:
    out = dump(corpus, tmp_path / "dump")
    dataset = AVDataset(out, None, PLAIN, reads=["image_id"])
    batch = collate([dataset[n] for n in range(len(dataset))])
    named = read_data_dir(out).tables["utt2image"]
    numbers = batch.tensor("image_id").tolist()
    told = {(named[u], number) for u, number in zip(batch.utt_id, numbers, strict=True)}
    assert len(batch) == 6 and sorted(told) in ([("cat", 0), ("dog", 1)], [("cat", 1), ("dog", 0)])
    assert [drop.utt_id for drop in dataset.dropped] == ["s2-6"]


def test_an_image_of_two_names_is_one(make_request: Any, make_draw: Any) -> None:
    tables = {
        "utt2spk": dict.fromkeys(("u0", "u1", "u2", "u3"), "s"),
        "image.scp": {"cat": "x.ark:5", "cat-again": "x.ark:5", "dog": "x.ark:9"},
        "utt2image": {"u0": "cat", "u1": "dog", "u2": "cat-again"},
    }
    reader = ImageIdReader(make_request(tables))
    found = [reader.read(utt_id, make_draw()) for utt_id in ("u0", "u1", "u2")]
    assert [int(number) for number in found] == [0, 1, 0]
    assert reader.read("u3", make_draw()) is None
    own = {"utt2spk": tables["utt2spk"], "image.scp": {"u0": "y.ark:5", "u1": "y.ark:2"}}
    reader = ImageIdReader(make_request(own))
    assert [int(reader.read(utt_id, make_draw())) for utt_id in ("u0", "u1")] == [1, 0]


def test_a_model_of_images_is_told_that_there_are_none(dump_dir: Path) -> None:
    with pytest.raises(DataDirError, match=r"image.scp: no such file, but the model reads image"):
        AVDataset(dump_dir, None, PLAIN, reads=["image"])
