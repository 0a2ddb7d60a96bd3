"""`utt2face` from the reader to every tool for data dirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.bin.data_dir import main
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.face_place import parse_place
from espnet_av.errors import DataDirError

PLACES = {"s-a": "0.25 0.5", "s-b": "1 0", "s-c": "0.125 1e-1"}


def make(path: Path, places: dict[str, str]) -> Path:
    utts = ("s-a", "s-b", "s-c", "s-d")
    tables = {
        "utt2spk": dict.fromkeys(utts, "s"),
        "video.scp": {"r": "/x/r.mp4"},
        "segments": {utt: f"r {n} {n + 1}" for n, utt in enumerate(utts)},
        "utt2face": places,
    }
    write_data_dir(path, tables)
    return path


def faces(path: Path) -> dict[str, str]:
    return read_data_dir(path).tables["utt2face"]


def test_every_tool_takes_the_places_along(tmp_path: Path) -> None:
    source = make(tmp_path / "1", PLACES)
    assert faces(source) == PLACES
    main(["subset", "--first", str(source), "2", str(tmp_path / "2")])
    assert faces(tmp_path / "2") == {"s-a": "0.25 0.5", "s-b": "1 0"}
    main(["copy", "--utt-prefix", "x-", str(source), str(tmp_path / "3")])
    assert faces(tmp_path / "3") == {f"x-{utt}": value for utt, value in PLACES.items()}
    main(["combine", str(tmp_path / "4"), str(source), str(tmp_path / "3")])
    assert faces(tmp_path / "4") == {**PLACES, **faces(tmp_path / "3")}
    (source / "utt2spk").write_text("s-b s\ns-a s\n")
    (source / "spk2utt").unlink()
    main(["fix", str(source)])
    assert faces(source) == {"s-a": "0.25 0.5", "s-b": "1 0"}
    assert (source / ".backup" / "utt2face").is_file()


@pytest.mark.parametrize("value", ["0.5", "0.5 0.5 0.1", "1.2 0.5", "0.5 -0.1", "x y", "nan 0"])
def test_what_is_no_place_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(DataDirError, match=rf"utt2face: s-a: expected '<x> <y>'.*got '{value}'"):
        make(tmp_path / "1", {"s-a": value})


def test_a_place_reads_back_as_it_is_written() -> None:
    place = parse_place("0.253125 0.5")
    assert place == (0.253125, 0.5) and str(place) == "0.253125 0.5"
