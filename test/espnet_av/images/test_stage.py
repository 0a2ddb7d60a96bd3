"""From sources to archives: which images, by which jobs, what is left out and said of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from corpora_fixtures.clips import put
from corpora_fixtures.clips import wav as sound
from corpora_fixtures.detections import (
    COCO,
    anderson_line,
    detection,
    picture,
    tsv_line,
    write_hdf5,
    write_tsv,
)

from espnet_av.data.ark import read_array
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.table import read_table
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.stage import finish_images, open_sources, plan_images

ANY = ImagesConfig(num_regions=3, width=8, shard_images=2)


def make(out: Path, *paths: Path, data_dirs=(), config: ImagesConfig = ANY, jobs: int = 1):
    for job in range(jobs, 0, -1):
        plan = plan_images(open_sources(paths, out, config), out, config, data_dirs)
        write_shards(plan.shards, job, jobs)
    return finish_images(plan)


def named(path: Path, images: list[str]) -> Path:
    users = {f"s-{n}": name for n, name in enumerate(images)}
    tables = {"utt2spk": dict.fromkeys(users, "s"), "wav.scp": {u: f"{u}.wav" for u in users}}
    write_data_dir(path, {**tables, "utt2image": users})
    return path


def arks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.ark")}


def report(out: Path) -> list[list[str]]:
    lines = (out / "dropped.tsv").read_text().splitlines()
    assert lines[0] == "image\treason\tvalue"
    return [line.split("\t")[:2] for line in lines[1:]]


@pytest.mark.parametrize("kind", ["tsv", "hdf5"])
def test_features_come_back_whatever_the_number_of_jobs(kind: str, tmp_path: Path) -> None:
    path = (write_tsv if kind == "tsv" else write_hdf5)(tmp_path / f"x.{kind}")
    made = make(tmp_path / "one", path)
    make(tmp_path / "two", path, jobs=3)
    assert list(made) == list(COCO) and arks(tmp_path / "one") == arks(tmp_path / "two")
    out = tmp_path / "one"
    for name in COCO:
        told = detection(name)
        features = read_array(str(out / read_table(out / "image.scp")[name]), name, num_axes=2)
        order = np.argsort(-told["objects_conf"])
        np.testing.assert_array_equal(features, told["features"][order].astype("e"))
        assert read_array(str(out / read_table(out / "boxes.scp")[name]), num_axes=2).max() <= 1
    summary = yaml.safe_load((out / "images.yaml").read_text())
    assert summary["images"] == 3 and summary["shapes"] == {"3 x 8": 3}
    assert summary["sources"][0]["images"] == 3


def test_what_is_done_is_kept_and_what_changed_is_made_again(tmp_path: Path) -> None:
    path, out = write_tsv(tmp_path / "x.tsv"), tmp_path / "out"
    make(out, path)
    times = {p.name: p.stat().st_mtime_ns for p in out.glob("*.ark")}
    (out / "shards/000002.json").unlink()
    make(out, path)
    again = {p.name: p.stat().st_mtime_ns for p in out.glob("*.ark")}
    assert {n for n in times if times[n] != again[n]} == {"image.000002.ark", "boxes.000002.ark"}
    # Of the same size: another network, another split of the images.
    before = arks(out)
    put(path, tsv_line(COCO[0], features=np.ones((3, 8), np.float32)) + tsv_line(COCO[1]))
    make(out, path)
    assert arks(out)["image.000001.ark"] != before["image.000001.ark"]
    assert not (out / "image.000002.ark").exists()


def test_only_what_data_dirs_name_is_made_and_the_rest_is_named(tmp_path: Path) -> None:
    first = write_tsv(tmp_path / "train.tsv", COCO[:2])
    second = write_hdf5(tmp_path / "val.hdf5", COCO[1:])
    train = named(tmp_path / "train", [COCO[1], COCO[1], "COCO_train2014_000000000077"])
    config = ImagesConfig(num_regions=3, width=8, max_dropped_ratio=0.5)
    made = make(tmp_path / "out", first, second, data_dirs=[train], config=config)
    assert list(made) == [COCO[1]]
    assert report(tmp_path / "out") == [["COCO_train2014_000000000077", "in no source"]]
    with pytest.raises(DroppedTooManyError, match=r"1 of 2 images dropped .1 in no source"):
        make(tmp_path / "out", first, data_dirs=[train])


def test_the_features_of_another_image_set_are_refused(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "places.hdf5", ["gsun_1", "gsun_2"])
    train = named(tmp_path / "train", [COCO[0]])
    with pytest.raises(
        DataDirError, match=rf"none of its 1 images, as {COCO[0]}, .* as gsun_1: .* another image"
    ):
        make(tmp_path / "out", path, data_dirs=[train])
    write_data_dir(tmp_path / "bare", {"utt2spk": {"u": "s"}, "wav.scp": {"u": "u.wav"}})
    with pytest.raises(DataDirError, match="bare/utt2image: no such file"):
        make(tmp_path / "out", path, data_dirs=[tmp_path / "bare"])


def test_bare_numbers_stand_for_coco_names(tmp_path: Path) -> None:
    lines = anderson_line(9, COCO[0]) + anderson_line(42, COCO[2])
    path = put(tmp_path / "x.tsv", lines)
    made = make(tmp_path / "out", path, data_dirs=[named(tmp_path / "d", [COCO[0], COCO[2]])])
    assert list(made) == [COCO[0], COCO[2]]
    pointer = str(tmp_path / "out" / made[COCO[2]])
    features = read_array(pointer, COCO[2], num_axes=2)
    np.testing.assert_array_equal(features, detection(COCO[2])["features"].astype("e"))


def test_a_bad_image_is_left_out_with_a_reason(tmp_path: Path) -> None:
    bad = tsv_line("bad", boxes=np.full((3, 4), (9, 9, 5, 5), np.float32))
    huge = tsv_line("huge", features=np.full((3, 8), 1e6, np.float32))
    path = put(tmp_path / "x.tsv", bad + huge + b"".join(map(tsv_line, COCO)))
    config = ImagesConfig(num_regions=3, width=8, max_dropped_ratio=0.5)
    assert list(make(tmp_path / "out", path, config=config)) == list(COCO)
    assert report(tmp_path / "out") == [
        ["bad", "corners of a box in another order"],
        ["huge", "numbers beyond float16"],
    ]
    with pytest.raises(DroppedTooManyError, match="2 of 5 images dropped"):
        make(tmp_path / "out", path)


def test_sources_of_two_kinds_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "pictures/a.jpg", picture())
    config = ImagesConfig(num_regions=3, width=8, encoder="random", random_width=5)
    with pytest.raises(DataDirError, match=r"features of different widths: 8 \(COCO.*, 5 \(a\)"):
        make(tmp_path / "out", write_tsv(tmp_path / "x.tsv"), tmp_path / "pictures", config=config)
    for name, told in (("x.zip", "there is no such file"), ("dump.yaml", "unknown kind")):
        put(tmp_path / "dump.yaml", "x")
        with pytest.raises(ConfigError, match=rf"{name}: {told}.*; give a detector's .tsv"):
            make(tmp_path / "out", tmp_path / name)


def test_a_picture_that_came_again_is_looked_at_again(tmp_path: Path) -> None:
    folder, out = tmp_path / "pictures", tmp_path / "out"
    for number in range(3):
        put(folder / f"i{number}.jpg", picture(number))
    whole = (folder / "i1.jpg").read_bytes()
    put(folder / "i1.jpg", whole[:70] + bytes(len(whole) - 70))
    config = ImagesConfig(encoder="random", random_width=5, max_dropped_ratio=0.5)
    assert list(make(out, folder, config=config)) == ["i0", "i2"]
    assert report(out) == [["i1", "unreadable picture"]]
    assert (out / "to_fetch.txt").read_text() == f"{folder}/i1.jpg\n"
    put(folder / "i1.jpg", whole)
    assert list(make(out, folder, config=config)) == ["i0", "i1", "i2"] and report(out) == []


def test_the_dump_takes_what_a_set_names(tmp_path: Path) -> None:
    path, out = write_tsv(tmp_path / "x.tsv", COCO[:2]), tmp_path / "images"
    gone = "COCO_train2014_000000000077"
    train = named(tmp_path / "train", [COCO[1], COCO[1], gone, COCO[0]])
    for wav in ("s-0", "s-1", "s-2", "s-3"):
        put(tmp_path / f"{wav}.wav", sound(0.5))
    data = read_data_dir(train)
    wavs = {u: str(tmp_path / f"{u}.wav") for u in data.utt_ids}
    write_data_dir(train, {**data.tables, "wav.scp": wavs})
    make(out, path)
    config = DumpConfig(shard_utts=1, max_dropped_ratio=0.5)
    plan = plan_dump(train, tmp_path / "roi", tmp_path / "dump", config, out)
    write_shards(plan, 1, 1)
    dump = finish_dump(plan)
    assert dump.tables["utt2image"] == {"s-0": COCO[1], "s-1": COCO[1], "s-3": COCO[0]}
    assert set(dump.tables["image.scp"]) == set(dump.tables["boxes.scp"]) == set(COCO[:2])
    stored = list((tmp_path / "dump").glob("image.*.ark"))
    assert sum(path.read_bytes().count(b"NUMPY") for path in stored) == 2
    # Archives of gigabytes are not read again by every shard: the stage's record tells them apart.
    assert not [p for shard in plan for u in shard.utt_ids for p in shard.source_files(u)
                if p.endswith(".ark")]  # fmt: skip
    # Other features of the same size are noticed.
    lines = [tsv_line(name, features=np.ones((3, 8), np.float32)) for name in COCO[:2]]
    put(path, b"".join(lines))
    make(out, path)
    again = plan_dump(train, tmp_path / "roi", tmp_path / "dump", config, out)
    assert [shard.read_record() is None for shard in again] == [True, False, False, True]
    with pytest.raises(DataDirError, match=r"image.scp: the set has features of its own; give no"):
        write_data_dir(train, {**read_data_dir(train).tables, "image.scp": dict.fromkeys(
            (*COCO[:2], gone), "x.npy")})  # fmt: skip
        plan_dump(train, tmp_path / "roi", tmp_path / "dump", config, out)


def test_another_json_of_the_rows_makes_the_images_again(tmp_path: Path) -> None:
    path, out = write_hdf5(tmp_path / "x.hdf5", with_names=False), tmp_path / "out"
    rows = tmp_path / "x_imgid2idex.json"
    config = ImagesConfig(num_regions=3, width=8, index={"x.hdf5": str(rows)})
    make(out, path, config=config)
    put(rows, json.dumps({name: row for row, name in enumerate(reversed(COCO))}))
    made = make(out, path, config=config)
    found = read_array(str(out / made[COCO[0]]), COCO[0], num_axes=2)
    last = detection(COCO[2])
    order = np.argsort(-last["objects_conf"])
    np.testing.assert_array_equal(found, last["features"][order].astype("e"))


def test_a_number_that_stands_for_two_images(tmp_path: Path) -> None:
    path = put(tmp_path / "x.tsv", anderson_line(9, COCO[0]))
    data_dir = named(tmp_path / "d", ["train_9", "val_9"])
    for shard_images in (1, 2):
        out = tmp_path / f"out{shard_images}"
        config = ImagesConfig(num_regions=3, width=8, shard_images=shard_images)
        made = make(out, path, data_dirs=[data_dir], config=config)
        assert list(made) == ["train_9", "val_9"] and report(out) == []
        one, other = (read_array(str(out / made[n]), n, num_axes=2) for n in made)
        np.testing.assert_array_equal(one, other)
        assert yaml.safe_load((out / "images.yaml").read_text())["images"] == 2
