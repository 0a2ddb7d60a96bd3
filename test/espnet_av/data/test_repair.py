from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.data_dir import Segment, read_data_dir, write_data_dir
from espnet_av.data.repair import repair
from espnet_av.errors import DataDirError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ids = ["a", "b", "c", "d"]
    tables = {
        "utt2spk": dict.fromkeys(ids, "s"),
        "wav.scp": {name: f"/{name}.wav" for name in ids},
        "text": {name: f"words of {name}" for name in ids},
    }
    write_data_dir(tmp_path, tables, {"b": [Segment(0, 1, "x")], "c": [Segment(0, 1, "y")]})
    return tmp_path


def test_sorts_and_drops_what_is_incomplete(folder: Path) -> None:
    (folder / "text").write_text("d words of d\na words of a\nb\nx y\nd again\n")
    (folder / "spk2utt").write_text("s a\n")
    data, drops, problems = repair(folder)
    assert data.utt_ids == ["a", "d"] and data.tables["text"]["d"] == "words of d"
    assert [(drop.utt_id, drop.reason) for drop in drops] == [
        ("b", "not in text"),
        ("c", "not in text"),
    ]
    assert any("text:5: d: duplicate id" in problem for problem in problems)
    assert read_data_dir(folder).tables == data.tables
    assert not (folder / "ctm").exists()
    assert (folder / ".backup" / "text").read_text().startswith("d words of d")
    assert (folder / ".backup" / "ctm").exists()


def test_a_valid_folder_stays_as_it_is(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    _, drops, problems = repair(folder)
    assert drops == problems == []
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before


def test_lines_that_are_not_utf8_go_with_their_utterance(folder: Path) -> None:
    (folder / "text").write_bytes(b"a ok\nb \xff\xfe\nc ok\nd ok\n")
    data, drops, problems = repair(folder)
    assert data.utt_ids == ["a", "c", "d"] and [drop.utt_id for drop in drops] == ["b"]
    assert "0xff is not UTF-8" in problems[0]


def test_bad_ids_and_missing_media_go(folder: Path) -> None:
    (folder / "utt2spk").write_text("../d s\na s\nb s\nc s\n")
    (folder / "wav.scp").write_text("a /a.wav\nb /b.wav\nd /d.wav\n")
    data, drops, _ = repair(folder)
    assert data.utt_ids == ["a", "b"]
    assert {drop.utt_id: drop.reason for drop in drops} == {
        "../d": "bad id",
        "c": "neither in wav.scp nor in video.scp",
    }


def test_segments_lose_what_has_no_recording(tmp_path: Path) -> None:
    tables = {
        "utt2spk": {"u1": "s", "u2": "s"},
        "wav.scp": {"r1": "r1.wav", "r2": "r2.wav"},
        "segments": {"u1": "r1 0 1", "u2": "r2 0 1"},
    }
    write_data_dir(tmp_path, tables)
    (tmp_path / "segments").write_text("u1 r1 0 1\n")
    data, drops, _ = repair(tmp_path)
    assert data.tables["wav.scp"] == {"r1": "r1.wav"} and drops[0].reason == "not in segments"


def test_nothing_left_is_an_error_and_changes_nothing(folder: Path) -> None:
    (folder / "wav.scp").write_text("z /z.wav\n")
    with pytest.raises(DataDirError, match="holds no utterance"):
        repair(folder)
    assert (folder / "utt2spk").read_text() == "a s\nb s\nc s\nd s\n"
    (folder / "utt2spk").unlink()
    with pytest.raises(DataDirError, match="utt2spk: missing"):
        repair(folder)
