from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.combination import combine, rename
from espnet_av.data.data_dir import DataDir, Segment, write_data_dir
from espnet_av.errors import DataDirError


def make(path: Path, names: str, text: bool = True) -> DataDir:
    path.mkdir()
    (path / "a.ark").write_bytes(b"x")
    tables = {
        "utt2spk": dict.fromkeys(names, "s"),
        "wav.scp": {name: f"a.ark:{index}" for index, name in enumerate(names)},
    }
    if text:
        tables["text"] = dict.fromkeys(names, "words")
    return write_data_dir(path, tables, {names[0]: [Segment(0.0, 1.0, "x")]})


def test_combined_dirs_keep_everything_and_find_their_archives(tmp_path: Path) -> None:
    first, second = make(tmp_path / "1", "ac"), make(tmp_path / "2", "bd")
    data = write_data_dir(tmp_path / "3", *combine([first, second]))
    assert data.utt_ids == ["a", "b", "c", "d"] and set(data.ctm) == {"a", "b"}
    assert data.tables["wav.scp"]["b"] == f"{tmp_path}/2/a.ark:0"
    assert set(data.tables["text"]) == set("abcd")


def test_a_text_that_a_source_lacks_is_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sources = [make(tmp_path / "1", "a"), make(tmp_path / "2", "b", text=False)]
    tables, _ = combine(sources)
    assert "text" not in tables and f"text left out: not in {tmp_path}/2" in caplog.text


def test_the_same_utterance_twice_is_named(tmp_path: Path) -> None:
    sources = [make(tmp_path / "1", "ab"), make(tmp_path / "2", "b")]
    with pytest.raises(DataDirError, match=r"2/\S+: b: also in a source before it \(1 such ids\)"):
        combine(sources)


def test_whole_files_become_segments_beside_segments(tmp_path: Path) -> None:
    segmented = DataDir(
        tmp_path,
        {"utt2spk": {"u": "s"}, "wav.scp": {"r": "r.wav"}, "segments": {"u": "r 0 1"}},
    )
    tables, _ = combine([segmented, make(tmp_path / "2", "b", text=False)])
    assert tables["segments"] == {"u": "r 0 1", "b": "b 0 -1"}
    assert set(tables["wav.scp"]) == {"r", "b"}
    assert write_data_dir(tmp_path / "3", tables).utt_ids == ["b", "u"]


def test_rename_reaches_every_table_but_recordings(tmp_path: Path) -> None:
    tables, ctm = rename(make(tmp_path / "1", "ab"), lambda u: f"x-{u}", lambda s: f"y-{s}")
    assert tables["utt2spk"] == {"x-a": "y-s", "x-b": "y-s"} and set(ctm) == {"x-a"}
    assert set(tables["wav.scp"]) == set(tables["text"]) == {"x-a", "x-b"}
    segmented = DataDir(
        tmp_path,
        {"utt2spk": {"u": "s"}, "wav.scp": {"r": "r.wav"}, "segments": {"u": "r 0 1"}},
    )
    tables, _ = rename(segmented, lambda u: f"x-{u}", str)
    assert tables["segments"] == {"x-u": "r 0 1"} and tables["wav.scp"] == {"r": "r.wav"}
