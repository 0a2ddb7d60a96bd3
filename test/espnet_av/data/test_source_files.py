"""Whether files are the ones that something was made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from espnet_av.data import source_files
from espnet_av.data.source_files import (
    are_same,
    changed_ns,
    digest_sources,
    plain_file,
    write_to_fetch,
)


def test_which_file_a_path_or_a_pointer_means(tmp_path: Path) -> None:
    (tmp_path / "a.ark").write_bytes(b"x")
    (tmp_path / "b:7").write_bytes(b"x")
    assert plain_file(f"{tmp_path}/a.ark") == f"{tmp_path}/a.ark"
    assert plain_file(f"{tmp_path}/a.ark:15") == f"{tmp_path}/a.ark"
    assert plain_file(f"{tmp_path}/b:7") == f"{tmp_path}/b:7"
    for absent in (None, "", str(tmp_path), f"{tmp_path}/c", f"{tmp_path}/c:15"):
        assert plain_file(absent) is None


def test_each_file_to_fetch_is_a_line(tmp_path: Path) -> None:
    write_to_fetch(tmp_path, ["/b.mp4", "/a b.mp4", "/two\nlines.mp4", "/b.mp4"])
    assert (tmp_path / "to_fetch.txt").read_text() == "/a b.mp4\n/b.mp4\n"


def test_the_order_of_paths_and_a_second_naming_do_not_matter(tmp_path: Path) -> None:
    a, b = (str(tmp_path / name) for name in "ab")
    Path(a).write_bytes(b"one")
    Path(b).write_bytes(b"two")
    first, second = digest_sources([a, b], ())
    assert first != second
    assert digest_sources([b, a, b], ()) == [first, second]
    assert are_same([first, second], [b, a, b], (), 0)
    assert not are_same([second, first], [a, b], (), 0)
    assert not are_same([first, second], [a], (), 0)


def test_a_touched_file_is_the_same_and_one_of_the_same_size_and_time_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    digests, times = digest_sources([str(path)], ()), path.stat()
    os.utime(path, ns=(1, 1))
    assert are_same(digests, [str(path)], (), 0)
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not are_same(digests, [str(path)], (), 0)


def test_a_size_is_part_of_what_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of a constant file are alike however many there are."""
    monkeypatch.setattr(source_files, "_BLOCK", 10)
    monkeypatch.setattr(source_files, "_NUM_BLOCKS", 3)
    path = tmp_path / "a"
    found = []
    for size in (40, 50):
        path.write_bytes(bytes(size))
        found += digest_sources([str(path)], ())
    assert found[0] != found[1]


def test_up_to_so_many_blocks_every_byte_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "_BLOCK", 10)
    monkeypatch.setattr(source_files, "_NUM_BLOCKS", 3)
    path = tmp_path / "a"
    path.write_bytes(bytes(30))
    digests = digest_sources([str(path)], ())
    for place in range(30):
        path.write_bytes(bytes(place) + b"x" + bytes(29 - place))
        assert not are_same(digests, [str(path)], (), 0)


def test_large_files_are_compared_in_part_unless_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "_BLOCK", 10)
    monkeypatch.setattr(source_files, "_NUM_BLOCKS", 3)
    path = tmp_path / "a"
    path.write_bytes(bytes(range(200)))
    for doubtful, same in ((set[str](), True), ({str(path)}, False)):
        digests = digest_sources([str(path)], doubtful)
        path.write_bytes(bytes(range(20)) + b"x" + bytes(range(21, 200)))
        assert are_same(digests, [str(path)], doubtful, 0) is same
        path.write_bytes(bytes(range(200)))
        assert are_same(digests, [str(path)], doubtful, 0)
        for place in (0, 95, 199):
            path.write_bytes(bytes(range(place)) + b"\xff" + bytes(range(place + 1, 200)))
            assert not are_same(digests, [str(path)], doubtful, 0)
            assert are_same(digests, [str(path)], doubtful, changed_ns(str(path)))
        path.write_bytes(bytes(range(200)))


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    path = str(tmp_path / "a")
    assert changed_ns(path) == 0 and plain_file(path) is None and plain_file(None) is None
    (tmp_path / "a").write_text("x")
    assert plain_file(f"{path}:17") == path
    digests = digest_sources([path], ())
    (tmp_path / "a").unlink()
    assert digest_sources([path], ()) != digests
    assert not are_same(digests, [], (), 0)
