"""A detector's TSV: places of its images, one line, and what is wrong with either."""

from __future__ import annotations

import hashlib
import logging
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.detections import (
    COCO,
    HEIGHT,
    WIDTH,
    anderson_line,
    detection,
    tsv_line,
    write_tsv,
)

from espnet_av.errors import ArrayError, DataDirError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.regions import Regions
from espnet_av.images.tsv import TsvSource

ANY = ImagesConfig(num_regions=0, width=0)


def read(path: Path, config: ImagesConfig = ANY) -> dict[str, Regions | ArrayError]:
    source = TsvSource(path, path.parent / "out", config)
    return dict(source.read(source.names()))


def reasons(path: Path, config: ImagesConfig = ANY) -> dict[str, str]:
    return {n: found.reason for n, found in read(path, config).items() if not _is_whole(found)}


def _is_whole(found: Regions | ArrayError) -> bool:
    return isinstance(found, Regions)


def test_regions_come_by_confidence_with_boxes_as_shares(tmp_path: Path) -> None:
    found = read(write_tsv(tmp_path / "x.tsv"))
    assert list(found) == list(COCO)
    for name in COCO:
        told = detection(name)
        order = np.argsort(-told["objects_conf"])
        shares = told["boxes"] / (WIDTH, HEIGHT, WIDTH, HEIGHT)
        np.testing.assert_array_equal(found[name].features, told["features"][order])
        np.testing.assert_allclose(found[name].boxes, shares[order], atol=1e-6)
    as_they_are = read(tmp_path / "x.tsv", ImagesConfig(num_regions=3, width=8, order="file"))
    np.testing.assert_array_equal(as_they_are[COCO[0]].features, detection(COCO[0])["features"])


def test_other_ends_of_lines_heads_and_columns(tmp_path: Path) -> None:
    head = b"img_id\timg_h\timg_w\n"
    lines = head + tsv_line(COCO[0]).replace(b"\n", b"\r\n") + tsv_line(COCO[1])[:-1]
    assert list(read(put(tmp_path / "x.tsv", lines))) == [COCO[0], COCO[1]]
    path = put(tmp_path / "y.tsv", anderson_line(25, COCO[1]))
    told = detection(COCO[1])
    np.testing.assert_array_equal(read(path)["25"].features, told["features"])


def test_empty_lines_are_passed_over(tmp_path: Path) -> None:
    lines = tsv_line(COCO[0]) + b"\n" + tsv_line(COCO[1]) + b"\r\n\n"
    assert list(read(put(tmp_path / "x.tsv", lines))) == [COCO[0], COCO[1]]


def test_a_last_line_that_is_whole_and_wrong_is_not_called_cut_short(tmp_path: Path) -> None:
    bad = tsv_line(COCO[1], boxes=np.zeros((3, 5), np.float32))
    path = put(tmp_path / "x.tsv", tsv_line(COCO[0]) + bad)
    assert reasons(path) == {COCO[1]: "array of another size"}
    # What a program of Python 3 writes that was meant for Python 2.
    quoted = (
        tsv_line(COCO[2]).replace(b"\t", b"\tb'").replace(b"b'48", b"48").replace(b"b'64", b"64")
    )
    path = put(tmp_path / "y.tsv", tsv_line(COCO[0]) + quoted.replace(b"b'3\t", b"3\t"))
    assert reasons(path) == {COCO[2]: "array that is damaged"}


def test_files_of_one_name_have_places_of_their_own(tmp_path: Path) -> None:
    for number, folder in enumerate("ab"):
        write_tsv(tmp_path / folder / "x.tsv", [COCO[number]])
        source = TsvSource(tmp_path / folder / "x.tsv", tmp_path / "out", ANY)
        assert list(source.names()) == [COCO[number]]
    assert len(list((tmp_path / "out/index").glob("*.json"))) == 2


def test_the_file_is_read_once_and_known_by_its_content(tmp_path: Path, monkeypatch) -> None:
    path = write_tsv(tmp_path / "x.tsv")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    first = TsvSource(path, tmp_path, ImagesConfig(sha256={"x.tsv": sha256.upper()}))
    assert first.describe()["sha256"] == sha256 and first.mark([]) == sha256
    monkeypatch.setattr("espnet_av.images.tsv_index._scan", lambda *_: pytest.fail("read again"))
    assert list(TsvSource(path, tmp_path, ANY).names()) == list(COCO)
    with pytest.raises(DataDirError, match=f"x.tsv: its SHA-256 is {sha256}, not abc; fetch"):
        TsvSource(path, tmp_path, ImagesConfig(sha256={"x.tsv": "abc"}))


@pytest.mark.parametrize("lost", [1, 2, 40, 132, 300])
def test_a_truncated_file_is_named_with_its_last_image(lost: int, tmp_path: Path) -> None:
    """Wherever it ends, at a column, or where base64 could end."""
    whole = b"".join(map(tsv_line, COCO)).rstrip(b"\n")
    path = put(tmp_path / "x.tsv", whole[:-lost])
    with pytest.raises(DataDirError, match=rf"x.tsv:3: '{COCO[2]}': the file ends in the middle"):
        TsvSource(path, tmp_path, ANY)


def test_files_that_are_no_such_tsv_are_named(tmp_path: Path, monkeypatch) -> None:
    for content, told in (
        (b"<html>\n<body>\n", r"x.tsv:1: '<html>': 1 columns parted by tabs, expected 6 or 10"),
        (b"", "no image in it"),
        (b"PK\3\4" + bytes(99), "ends in the middle"),
    ):
        with pytest.raises(DataDirError, match=told):
            TsvSource(put(tmp_path / "x.tsv", content), tmp_path / "out", ANY)
    with pytest.raises(DataDirError, match=r"gone.tsv: cannot be read"):
        TsvSource(tmp_path / "gone.tsv", tmp_path, ANY)
    monkeypatch.setattr("espnet_av.images.tsv_index.MAX_LINE", 1000)
    with pytest.raises(DataDirError, match=r"x.tsv:1: a line of more than .* unpack it"):
        TsvSource(put(tmp_path / "x.tsv", bytes(3000)), tmp_path, ANY)


BAD = {
    "array that is damaged": {"features": b"AA?A"},
    "array of another size": {"boxes": np.zeros((3, 5), np.float32)},
    "line of another form": {"num_boxes": "many"},
    "another number of regions": {
        "num_boxes": 1,
        "boxes": np.zeros((1, 4), np.float32),
        "objects_conf": np.zeros(1, np.float32),
    },
    "another width of features": {"features": np.zeros((3, 9), np.float32)},
    "numbers that are not finite": {"features": np.full((3, 8), np.nan, np.float32)},
    "corners of a box in another order": {"boxes": np.full((3, 4), (9, 9, 5, 5), np.float32)},
    "box outside its image": {"boxes": np.full((3, 4), (0, 0, 60, 60), np.float32)},
    "image without a size": {"img_h": 0},
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_line_costs_its_image_alone(reason: str, tmp_path: Path) -> None:
    lines = tsv_line(COCO[0]) + tsv_line(COCO[1], **BAD[reason]) + tsv_line(COCO[2])
    path = put(tmp_path / "x.tsv", lines)
    assert reasons(path, ImagesConfig(num_regions=3, width=8)) == {COCO[1]: reason}


def test_sizes_of_arrays_are_told(tmp_path: Path) -> None:
    line = tsv_line(COCO[0], features=np.zeros(25, np.float32))
    found = read(put(tmp_path / "x.tsv", line + tsv_line(COCO[1])))[COCO[0]]
    assert "x.tsv: byte 0: features: 100 bytes, expected 3 x any number float32" in str(found)


def test_an_image_that_comes_twice_is_told(tmp_path: Path, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        found = read(write_tsv(tmp_path / "x.tsv", [COCO[0], COCO[1], COCO[0]]))
    assert list(found) == [COCO[0], COCO[1]]
    assert f"x.tsv:3: {COCO[0]} again; its first line counts" in caplog.text


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    features = np.zeros((3, 20_000), np.float32)
    lines = [tsv_line(f"i{n}", features=features) for n in range(30)]
    path = put(tmp_path / "x.tsv", b"".join(lines))
    size = path.stat().st_size
    tracemalloc.start()
    source = TsvSource(path, tmp_path, ANY)
    count = sum(1 for _, found in source.read(source.names()) if _is_whole(found))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30 and peak < 0.25 * size
