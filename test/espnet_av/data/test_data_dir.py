from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espnet_av.data.data_dir import (
    DataDir,
    Segment,
    invert,
    read_data_dir,
    rebase,
    validate,
    write_data_dir,
)
from espnet_av.errors import DataDirError

TABLES = {
    "utt2spk": {"s1-b": "s1", "s1-a": "s1", "s2-a": "s2"},
    "wav.scp": {"s1-a": "/x/a.wav", "s1-b": "/x/b.wav"},
    "video.scp": {"s1-b": "/x/b.mp4", "s2-a": "/x/with space.mp4"},
    "text": {"s1-a": "bin blue", "s1-b": "ça va", "s2-a": "привет"},
    "text.de": {"s1-a": "blau"},
    "utt2num_frames": {"s1-b": "75"},
}
CTM = {"s1-a": [Segment(0.0, 0.25, "sil"), Segment(0.25, 1.5, "bin")]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_data_dir(tmp_path / "d", TABLES, CTM)
    return tmp_path / "d"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_what_is_written_is_read(folder: Path) -> None:
    data = read_data_dir(folder)
    assert data.tables == TABLES and data.ctm == CTM
    assert data.utt_ids == ["s1-a", "s1-b", "s2-a"]
    assert (folder / "spk2utt").read_text() == "s1 s1-a s1-b\ns2 s2-a\n"
    assert (folder / "ctm").read_text() == "s1-a 1 0 0.25 sil\ns1-a 1 0.25 1.5 bin\n"
    assert data.get("text", "s2-a") == "привет"
    assert data.get("text", "nobody") is None and data.get("nothing", "s1-a") is None


@settings(max_examples=40, deadline=None)
@given(
    rows=st.dictionaries(
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True),
        st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12),
        min_size=1,
        max_size=12,
    )
)
def test_any_text_survives_and_files_are_c_sorted(
    rows: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("d")
    tables = {"utt2spk": dict.fromkeys(rows, "spk"), "wav.scp": dict.fromkeys(rows, "/a.wav")}
    written = write_data_dir(path, {**tables, "text": rows})
    assert read_data_dir(path).tables == written.tables
    ids = [line.split(b" ")[0] for line in (path / "text").read_bytes().split(b"\n")[:-1]]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("text", "s1-b ça va", "s1-b", r"text:2: s1-b: empty transcript; give one"),
        ("text", "s1-b ça va", "s1-b   ", r"text:2: s1-b: empty transcript"),
        ("wav.scp", "s1-b /x/b.wav", "s1-b", r"wav\.scp:2: s1-b: empty value"),
        ("text", "s1-b ça", "s1-a ça", r"text:2: s1-a: duplicate id; keep one"),
        ("text", "s2-a", "s0-a", r"text:3: 's0-a' after 's1-b': unsorted .*fix_data_dir"),
        ("text", "s2-a", "../s2-a", r"text:3: bad id '\.\./s2-a'"),
        ("text", "s2-a", "t..a", r"text:3: bad id 't\.\.a'"),
        ("text", "s2-a", "s2/a", r"text:3: bad id 's2/a'"),
        ("utt2spk", "s2-a s2", "s2-a s/2", r"utt2spk: s2-a: speaker: bad id 's/2'"),
        ("text", "s2-a привет\n", "", r"text: s2-a: missing \(it is in utt2spk\)"),
        ("text", "s2-a", "s3-a", r"text: s3-a: not in utt2spk; add it there or run utils/fix"),
        ("text", "s2-a", "\n\ns2-a", r"text:3: blank line"),
        ("text", "va\n", "va\r\n", r"text:2: Windows line end; convert"),
        ("wav.scp", "/x/a.wav", "sox a.wav -t wav - |", r"wav\.scp: s1-a: .* is a pipe"),
        ("utt2num_frames", "75", "many", r"utt2num_frames: s1-b: 'many' is no positive whole"),
        ("utt2num_frames", "75", "0", r"'0' is no positive whole number"),
        ("wav.scp", "s1-a /x/a.wav\n", "", r"s1-a: neither in wav\.scp nor in video\.scp"),
        ("spk2utt", "s1-a s1-b", "s1-a", r"spk2utt: s1: disagrees with utt2spk; run utils/utt2spk"),
        ("ctm", "s1-a 1 0 0.25 sil", "s1-a 1 0 sil", r"ctm:1: expected '<utt> 1 <start> <durat"),
        ("ctm", "1 0.25 1.5", "1 -2 1.5", r"ctm:2: s1-a: start times must not go back"),
        ("ctm", "s1-a 1 0.25", "t 1 0.25", r"ctm: t: not in utt2spk"),
        ("ctm", "s1-a 1 0.25", "a 1 0.25", r"ctm:2: 'a' after 's1-a': unsorted"),
    ],
)
def test_broken_files_are_named(folder: Path, file: str, old: str, new: str, message: str) -> None:
    edit(folder / file, old, new)
    if file != "spk2utt":
        (folder / "spk2utt").unlink()
    with pytest.raises(DataDirError, match=message):
        read_data_dir(folder)


def test_bytes_that_are_not_utf8_are_named_with_their_line(folder: Path) -> None:
    content = (folder / "text").read_bytes().replace("ça".encode(), "ça".encode("latin1"))
    (folder / "text").write_bytes(content)
    with pytest.raises(DataDirError, match=r"text:2: s1-b: byte 0xe7 is not UTF-8; .* iconv"):
        read_data_dir(folder)


def test_all_problems_are_told_at_once_up_to_ten(folder: Path) -> None:
    (folder / "text").write_text("".join(f"u{index:02d}\n" for index in range(25)))
    with pytest.raises(DataDirError, match=r"text:10: u09: empty(.|\n)*and 15 more"):
        read_data_dir(folder)


def test_missing_utt2spk_and_missing_folder(folder: Path) -> None:
    (folder / "utt2spk").unlink()
    with pytest.raises(DataDirError, match="utt2spk: missing; it lists the utterances"):
        read_data_dir(folder)
    with pytest.raises(DataDirError, match="no such data directory; run the data stage"):
        read_data_dir(folder / "nowhere")


def test_decomposed_text_is_read_composed(folder: Path) -> None:
    edit(folder / "text", "ça", "c\u0327a")
    assert read_data_dir(folder).tables["text"]["s1-b"] == "ça va"


def test_tabs_and_a_missing_last_line_end_are_fine(folder: Path) -> None:
    edit(folder / "utt2spk", "s2-a s2\n", "s2-a\ts2")
    assert read_data_dir(folder).tables["utt2spk"] == TABLES["utt2spk"]


def test_editors_leftovers_are_not_tables(folder: Path) -> None:
    (folder / "text.bak").write_text("nonsense")
    (folder / "text.orig").write_text("nonsense")
    assert set(read_data_dir(folder).tables) == set(TABLES)


@pytest.mark.parametrize(
    ("table", "utt_id", "value", "message"),
    [
        ("utt2spk", "a b", "s1", r"utt2spk: bad id 'a b'"),
        ("utt2spk", "../a", "s1", r"utt2spk: bad id '\.\./a'"),
        ("text", "s1-a", "  ", r"text: s1-a: empty transcript"),
        ("text", "zz", "hello", r"text: zz: not in utt2spk"),
        ("texts", "s1-a", "hello", r"texts: not a table of a data dir"),
    ],
)
def test_nothing_is_written_when_anything_is_wrong(
    tmp_path: Path, table: str, utt_id: str, value: str, message: str
) -> None:
    write_data_dir(tmp_path, TABLES, CTM)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    tables = {**TABLES, table: {**TABLES.get(table, {}), utt_id: value}}
    with pytest.raises(DataDirError, match=message):
        write_data_dir(tmp_path, tables)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_tables_of_an_earlier_run_go_and_other_files_stay(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    kept = {name: TABLES[name] for name in ("utt2spk", "wav.scp", "video.scp")}
    write_data_dir(folder, kept)
    names = {path.name for path in folder.iterdir()}
    assert names == {"utt2spk", "spk2utt", "wav.scp", "video.scp", "notes.txt"}


def test_line_breaks_inside_a_transcript_become_spaces(tmp_path: Path) -> None:
    tables = {"utt2spk": {"a": "s"}, "wav.scp": {"a": "x"}, "text": {"a": " one\n two\t three "}}
    assert write_data_dir(tmp_path, tables).tables["text"] == {"a": "one two three"}
    assert read_data_dir(tmp_path).tables["text"] == {"a": "one two three"}


def test_subset_keeps_what_its_utterances_need(folder: Path) -> None:
    part = read_data_dir(folder).subset(["s1-a"])
    assert part.utt_ids == ["s1-a"] and part.ctm == CTM
    assert part.tables["video.scp"] == {} and part.tables["text"] == {"s1-a": "bin blue"}
    assert validate(part) == []


SEGMENTED = {
    "utt2spk": {"u1": "s", "u2": "s", "u3": "s"},
    "wav.scp": {"rec1": "r1.wav", "rec2": "r2.wav"},
    "segments": {"u1": "rec1 0.5 1.25", "u2": "rec1 2 3", "u3": "rec2 1 -1"},
}


def test_segments_refer_to_recordings(tmp_path: Path) -> None:
    data = write_data_dir(tmp_path, SEGMENTED)
    assert data.recording("u1") == ("rec1", 0.5, 1.25)
    assert data.recording("u3") == ("rec2", 1.0, None)
    assert data.subset(["u3"]).tables["wav.scp"] == {"rec2": "r2.wav"}
    assert read_data_dir(tmp_path).tables == SEGMENTED


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("r 0 0", ("r", 0.0, 0.0)),  # ends where it begins: not "to the end"
        ("r 0.5 0.0", ("r", 0.5, 0.0)),
        ("r 2 -0.5", ("r", 2.0, None)),
        (None, ("u", 0.0, None)),
    ],
)
def test_only_an_end_below_zero_is_that_of_the_recording(
    segment: str | None, expected: tuple[str, float, float | None]
) -> None:
    tables = {} if segment is None else {"segments": {"u": segment}}
    assert DataDir(Path("d"), tables).recording("u") == expected


@pytest.mark.parametrize("value", ["rec1 1", "rec1 2 1", "rec1 a b", "rec1 -1 2", "rec1 1 1"])
def test_malformed_segments_are_named(tmp_path: Path, value: str) -> None:
    tables = {**SEGMENTED, "segments": {**SEGMENTED["segments"], "u2": value}}
    with pytest.raises(DataDirError, match=r"segments: u2: expected '<recording> <start> <end>'"):
        write_data_dir(tmp_path, tables)


def test_segment_of_an_unknown_recording_is_named(tmp_path: Path) -> None:
    tables = {**SEGMENTED, "segments": {**SEGMENTED["segments"], "u2": "rec9 1 2"}}
    with pytest.raises(DataDirError, match=r"u2: neither in wav.scp .* \(recording 'rec9'\)"):
        write_data_dir(tmp_path, tables)


def test_entries_beside_the_table_are_found_there(tmp_path: Path) -> None:
    (tmp_path / "a.ark").write_bytes(b"x")
    tables = {"wav.scp": {"u1": "a.ark:12", "u2": "elsewhere/b.ark:3"}, "utt2spk": {}}
    data = DataDir(tmp_path, tables)
    assert data.locate("wav.scp", "u1") == f"{tmp_path}/a.ark:12"
    assert data.locate("wav.scp", "u2") == "elsewhere/b.ark:3"
    assert data.locate("wav.scp", "u3") is None
    assert rebase("/absolute/c.wav", tmp_path) == "/absolute/c.wav"


def test_invert_sorts_utterances() -> None:
    assert invert({"b": "s2", "a": "s2", "c": "s1"}) == {"s2": "a b", "s1": "c"}


def test_paths_are_what_the_disk_calls_them(tmp_path):
    """A corpus copied from a Mac has names whose accents are characters of their own."""
    name = "cafe\u0301 two  spaces.wav"
    (tmp_path / name).touch()
    write_data_dir(
        tmp_path / "data",
        {
            "wav.scp": {"u1": str(tmp_path / name)},
            "utt2spk": {"u1": "s"},
            "text": {"u1": "e\u0301"},
        },
    )
    data = read_data_dir(tmp_path / "data")
    assert data.locate("wav.scp", "u1") == str(tmp_path / name)
    assert data.get("text", "u1") == "\u00e9"


def test_id_that_no_file_can_be_called(tmp_path):
    for length, is_right in ((200, True), (201, False), (5000, False)):
        name = "u" * length
        tables = {"wav.scp": {name: "a.wav"}, "utt2spk": {name: "s"}}
        if is_right:
            write_data_dir(tmp_path, tables)
            continue
        with pytest.raises(DataDirError, match=f"id of {length} characters.*shorten it") as caught:
            write_data_dir(tmp_path, tables)
        assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("line", ["u1 1 nan 0.1 a", "u1 1 0 inf a", "u1 1 0 -inf a", "u1 1 0 a"])
def test_times_of_a_ctm_are_numbers(tmp_path, line):
    (tmp_path / "utt2spk").write_text("u1 s\n")
    (tmp_path / "wav.scp").write_text("u1 a.wav\n")
    (tmp_path / "ctm").write_text(line + "\n")
    with pytest.raises(DataDirError, match=r"ctm:1: expected '<utt> 1 <start> <duration> <label>'"):
        read_data_dir(tmp_path)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (os.fsdecode(b"caf\xe9.wav"), "the name is not UTF-8; rename the file"),
        ("two\nlines.wav", "a line end in the name of a file"),
    ],
)
def test_names_of_files_that_a_table_cannot_hold(tmp_path, name, problem):
    tables = {"wav.scp": {"u1": f"/corpus/{name}"}, "utt2spk": {"u1": "s"}}
    with pytest.raises(DataDirError, match=rf"wav\.scp: u1: .*{problem}") as caught:
        write_data_dir(tmp_path, tables)
    str(caught.value).encode()
    assert list(tmp_path.iterdir()) == []


def test_a_subset_of_pieces_and_whole_recordings_keeps_the_sound_of_both() -> None:
    data = DataDir(
        Path("x"),
        {
            "utt2spk": {"a": "s", "b": "s", "c": "s"},
            "segments": {"a": "r 0 1"},
            "wav.scp": {"r": "1.wav", "b": "2.wav", "c": "3.wav"},
        },
    )
    assert data.subset(["a", "b"]).tables["wav.scp"] == {"r": "1.wav", "b": "2.wav"}
    assert (data.key("wav.scp", "a"), data.key("wav.scp", "b")) == ("r", "b")
