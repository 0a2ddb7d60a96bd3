"""AbxItem files: labels stay text, times stay exact, faults have their line."""

import pytest
from oracles.abx_set import items

from espnet_av.errors import DataDirError
from espnet_av.score.abx.items import HEADER, parse_time, read_items, write_items

HEAD = " ".join(HEADER)
ODD = ("0_1", "\u0660.\u0661", "1e99", "inf")


def write(tmp_path, *lines, head=HEAD):
    path = tmp_path / "x.item"
    path.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return path


def test_what_is_written_is_read(tmp_path):
    write_items(tmp_path / "x.item", items())
    assert [(i.file, float(i.onset.ticks / i.onset.rate), i.phone, i.speaker) for i in items()] == [
        (i.file, float(i.onset.ticks / i.onset.rate), i.phone, i.speaker)
        for i in read_items(tmp_path / "x.item")
    ]
    lines = (tmp_path / "x.item").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "f0 0.0525 0.1125 AA B D s1"


def test_labels_are_text(tmp_path):
    path = write(tmp_path, "u 0 1 \" ' 01 01", "u 0 1 nan 1e3 #x 1", "u 0 1 é ʁ 001 001")
    found = read_items(path)
    assert [i.speaker for i in found] == ["01", "1", "001"]
    assert [i.phone for i in found] == ['"', "nan", "é"]
    assert found[1].following == "#x"


def test_columns_in_any_order_and_more(tmp_path):
    names = ["word", *reversed(HEADER)]
    path = write(tmp_path, "dog s n p AA 0.5 0.25 f", head="\t".join(names))
    (item,) = read_items(path)
    assert (item.file, item.phone, item.previous, item.following) == ("f", "AA", "p", "n")
    assert (str(item.onset), str(item.offset)) == ("0.25", "0.5")


@pytest.mark.parametrize("text", ["0.2925", "1e-2", "12", "00.50", "3.", ".5", "1E2"])
def test_times_are_exact(text):
    time = parse_time(text)
    assert time.ticks / time.rate == float(text)


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-0.1", "1/3", "1,5", "", "1e999", "²", "1" * 50, *ODD]
)
def test_what_is_no_time(text):
    with pytest.raises(ValueError):
        parse_time(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("u 0 1 a b c", r"x\.item:3: 6 columns, but 7 names .*'u 0 1 a b c'"),
        ("u 0 1 a b c d e", r"x\.item:3: 8 columns"),
        ("", r"x\.item:3: 0 columns"),
        ("u 0,5 1 a b c d", r"x\.item:3: onset '0,5', offset '1': not seconds"),
        ("u nan 1 a b c d", "not seconds"),
        ("u 1 1 a b c d", r"x\.item:3: the onset 1 is not before the offset 1"),
        ("u 1.1 1.05 a b c d", "not before"),
    ],
)
def test_faulty_lines(tmp_path, line, message):
    path = write(tmp_path, "u 0 1 a b c d", line)
    if not line:
        path.write_text(f"{HEAD}\nu 0 1 a b c d\n\nu 0 1 a b c d\n", encoding="utf-8")
    with pytest.raises(DataDirError, match=message):
        read_items(path)


def test_faulty_heads(tmp_path):
    with pytest.raises(DataDirError, match=r"x\.item:1: no column speaker in"):
        read_items(write(tmp_path, head=HEAD.replace("speaker", "talker")))
    with pytest.raises(DataDirError, match="no items below"):
        read_items(write(tmp_path))
    with pytest.raises(DataDirError, match="the column speaker stands there twice"):
        read_items(write(tmp_path, head=HEAD + " speaker"))
    (tmp_path / "e.item").write_bytes(b"")
    with pytest.raises(DataDirError, match="no column #file"):
        read_items(tmp_path / "e.item")
    with pytest.raises(DataDirError, match="no such file"):
        read_items(tmp_path / "none.item")
