"""Images with boxes, from a data dir to a batch."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from espnet_av.data.batch import collate
from espnet_av.data.combination import combine, located_tables, rename
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.readers.image import ImageIdReader
from espnet_av.data.repair import repair
from espnet_av.data.shard_jobs import write_shards
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import DataDirError, DroppedTooManyError

PLAIN = DatasetConfig()
GENERATOR = np.random.default_rng(0)
FEATURES = {name: GENERATOR.normal(size=(n, 6)) for name, n in (("cat", 3), ("dog", 2))}
BOXES = {
    name: np.sort(GENERATOR.random((len(rows), 2, 2)), axis=1).reshape(-1, 4)
    for name, rows in FEATURES.items()
}


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


def dump(corpus, out: Path, jobs: int = 1, max_dropped_ratio: float = 0.5) -> Path:
    config = DumpConfig(shard_utts=3, max_dropped_ratio=max_dropped_ratio)
    plan = plan_dump(corpus.data_dir, corpus.roi_dir, out, config)
    for job in range(jobs, 0, -1):
        write_shards(plan, job, jobs)
    finish_dump(plan)
    return out


def report(out: Path, kind: str) -> list[tuple[str, str]]:
    lines = (out / f"dropped_{kind}.tsv").read_text().splitlines()
    assert lines[0] == f"{kind}\treason\tvalue"
    return [(line.split("\t")[0], line.split("\t")[1]) for line in lines[1:]]


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
    assert "image.scp: cat: left out of the dump: unreadable: " in caplog.text
    assert report(out, "image") == [("cat", "unreadable")] and report(out, "boxes") == []
    data = read_data_dir(out)
    assert len(data.utt_ids) == 7 and set(data.tables["image.scp"]) == {"dog"}
    drops = AVDataset(out, None, PLAIN, reads=["image"]).dropped
    reasons = {drop.utt_id: (drop.reason, drop.value) for drop in drops}
    assert reasons == {"s2-6": ("not in utt2image", "")} | dict.fromkeys(
        ("s1-1", "s1-3", "s2-5"), ("not in image.scp", "cat")
    )


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


def test_the_dump_stores_each_once_over_all_shards_and_jobs(
    images: Path, corpus, tmp_path: Path
) -> None:
    one, two = dump(corpus, tmp_path / "one"), dump(corpus, tmp_path / "two", jobs=3)
    for kind, num_bytes in (("image", 2 * 5 * 6), ("boxes", 2 * 5 * 4)):
        arks = sorted(one.glob(f"{kind}.*.ark"))
        assert [path.read_bytes() for path in arks] == [
            path.read_bytes() for path in sorted(two.glob(f"{kind}.*.ark"))
        ]
        content = b"".join(path.read_bytes() for path in arks)
        assert content.count(b"NUMPY") == 2 and num_bytes < len(content) < num_bytes + 2 * 150
    summary = yaml.safe_load((one / "dump.yaml").read_text())
    assert summary["arrays"]["image.scp"] == {"stored": 2, "utterances": 6}


BAD = {
    "corners of a box in another order": np.array([[0.5, 0.1, 0.2, 0.3]] * 3),
    "box outside its image": np.array([[0.1, 0.1, 300.0, 200.0]] * 3),
    "boxes without four corners": np.full((3, 5), 0.5),
    "array of another shape": np.full(3, 0.5),
    "numbers that are not finite": np.full((3, 4), np.nan),
    "another number of regions than its features": np.full((2, 4), 0.5),
}


@pytest.mark.parametrize("reason", BAD)
def test_boxes_that_cannot_be_right_are_left_out_with_a_reason(
    reason: str, images: Path, corpus, tmp_path: Path
) -> None:
    np.save(read_data_dir(images).tables["boxes.scp"]["cat"], BAD[reason])
    out = dump(corpus, tmp_path / "dump")
    assert report(out, "boxes") == [("cat", reason)] and report(out, "image") == []
    data = read_data_dir(out)
    assert set(data.tables["boxes.scp"]) == {"dog"} and len(data.tables["image.scp"]) == 2
    # A model of features alone still has the image, one of boxes is told which.
    assert len(AVDataset(out, None, PLAIN, reads=["image"]).utt_ids) == 6
    drops = AVDataset(out, None, PLAIN, reads=["image", "boxes"]).dropped
    assert {(d.reason, d.value) for d in drops if d.utt_id != "s2-6"} == {
        ("not in boxes.scp", "cat")
    }
    with pytest.raises(DroppedTooManyError, match=f"1 of 2 rows of boxes.scp dropped.*{reason}"):
        dump(corpus, out, max_dropped_ratio=0.05)


def test_features_of_two_kinds_are_refused(images: Path, corpus, tmp_path: Path) -> None:
    path = read_data_dir(images).tables["image.scp"]["cat"]
    np.save(path, np.ones((3, 5)))
    with pytest.raises(DataDirError, match=r"image.scp: rows of different lengths: .*5 \(cat\)"):
        dump(corpus, tmp_path / "dump")


def test_sets_that_share_images_are_joined_split_and_repaired(
    images: Path, corpus, tmp_path: Path
) -> None:
    """Captions of two languages: each set has its own copy of the image, the whole has one."""
    first = read_data_dir(dump(corpus, tmp_path / "en"))
    tables, ctm = rename(_heard(first), "fr-{}".format, str)
    write_data_dir(corpus.data_dir, tables | {"video.scp": {}}, ctm)
    second = read_data_dir(dump(corpus, tmp_path / "fr"))
    both = write_data_dir(tmp_path / "both", *combine([first, second]))
    assert set(both.tables["image.scp"]) == {"cat", "dog"} and len(both.tables["utt2image"]) == 11
    half = write_data_dir(tmp_path / "half", *_parts(both.subset(["fr-s1-1"])))
    assert list(half.tables["image.scp"]) == ["cat"] == list(half.tables["boxes.scp"])

    (tmp_path / "both" / "image.scp").write_text(f"dog {first.locate('image.scp', 'dog')}\n")
    (tmp_path / "both" / "boxes.scp").write_text(f"dog {first.locate('boxes.scp', 'dog')}\n")
    repaired, _, _ = repair(tmp_path / "both")
    assert set(repaired.tables["utt2image"].values()) == {"dog"} and len(repaired.utt_ids) == 13

    np.save(tmp_path / "cat.image.npy", np.ones((3, 6)))
    tables = {**tables, "image.scp": {"cat": str(tmp_path / "cat.image.npy")}}
    tables["utt2image"] = dict.fromkeys(tables["utt2image"], "cat")
    write_data_dir(corpus.data_dir, tables | {"video.scp": {}, "boxes.scp": {}}, ctm)
    other = read_data_dir(dump(corpus, tmp_path / "other"))
    with pytest.raises(DataDirError, match=r"image.scp or boxes.scp: cat: .* another content"):
        combine([first, other])


def _parts(data):
    return located_tables(data), data.ctm


def _heard(data):
    return data.subset(utt_id for utt_id in data.utt_ids if utt_id in data.tables["wav.scp"])


def test_features_of_two_kinds_in_joined_sets_are_named(images: Path, corpus, tmp_path) -> None:
    first = dump(corpus, tmp_path / "one")
    np.save(tmp_path / "owl.npy", np.ones((3, 5)))
    tables, ctm = rename(_heard(read_data_dir(images)), "x-{}".format, str)
    more = {"utt2image": {"x-s1-0": "owl"}, "image.scp": {"owl": str(tmp_path / "owl.npy")}}
    write_data_dir(corpus.data_dir, tables | more | {"boxes.scp": {}, "video.scp": {}}, ctm)
    second = dump(corpus, tmp_path / "two")
    write_data_dir(tmp_path / "both", *combine([read_data_dir(first), read_data_dir(second)]))
    dataset = AVDataset(tmp_path / "both", None, PLAIN, reads=["image"])
    with pytest.raises(DataDirError, match=r"owl has rows of 5 numbers, .* of 6: features of two"):
        [dataset[index] for index in range(len(dataset))]


def test_names_of_images_stand_before_there_are_features(images: Path) -> None:
    data = read_data_dir(images)
    tables = {name: rows for name, rows in data.tables.items() if name not in BY_NAME[:2]}
    assert write_data_dir(images, tables, data.ctm).tables["utt2image"] == data.tables["utt2image"]
    assert repair(images)[0].tables["utt2image"] == data.tables["utt2image"]


def test_pictures_in_place_of_features_are_named(images: Path, corpus, tmp_path: Path) -> None:
    data = read_data_dir(images)
    scp = {**data.tables["image.scp"], "cat": "train2014/cat.JPG"}
    write_data_dir(images, {**data.tables, "image.scp": scp}, data.ctm)
    out = dump(corpus, tmp_path / "dump")
    assert report(out, "image") == [("cat", "picture, not features")]
    assert "`espnet-av images`" in (out / "dropped_image.tsv").read_text()
