from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.bin.data_dir import main
from espnet_av.data.combination import combine, rename
from espnet_av.data.data_dir import DataDir, Segment, read_data_dir, write_data_dir
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


def cut(path: Path, utts: dict[str, str], **files: dict[str, str]) -> DataDir:
    """A data dir with segments: utterance -> recording, and the tables of files."""
    tables = {f"{name}.scp": rows for name, rows in files.items()}
    tables |= {"segments": {u: f"{rec} 0 1" for u, rec in utts.items()}}
    return write_data_dir(path, {**tables, "utt2spk": dict.fromkeys(utts, "s")})


def test_subsets_of_a_set_share_their_recordings(tmp_path: Path) -> None:
    wav = {"r1": "/x/1.wav", "r2": "/x/2.wav"}
    data = cut(tmp_path / "1", {"a": "r1", "b": "r2", "c": "r1"}, wav=wav, video=wav)
    parts = [data.subset(names) for names in (["a", "b"], ["c"])]
    assert write_data_dir(tmp_path / "2", *combine(parts)).tables == data.tables
    # The same file by another way, and a source that does not name the picture.
    (tmp_path / "link").symlink_to("/x")
    other = cut(tmp_path / "3", {"d": "r1"}, wav={"r1": f"{tmp_path}/link/1.wav"})
    tables, _ = combine([data, other])
    assert tables["wav.scp"] == tables["video.scp"] == wav and len(tables["segments"]) == 4


@pytest.mark.parametrize(
    "other",
    [
        {"wav": {"r": "/y/1.wav"}},
        {"wav": {"r": "/x/1.wav"}, "video": {"r": "/y/1.mp4"}},
        {"landmarks": {"r": "/x/1.pkl"}, "wav": {"r": "/x/2.wav"}},
    ],
)
@pytest.mark.parametrize("utt_id", ["a", "b"])
def test_the_cure_for_clashing_recordings_works(tmp_path: Path, other, utt_id: str) -> None:
    first = {"wav": {"r": "/x/1.wav"}, "video": {"r": "/x/1.mp4"}}
    cut(tmp_path / "1", {"a": "r"}, **first)
    cut(tmp_path / "2", {utt_id: "r"}, **other)
    assert run("combine", tmp_path / "3", tmp_path / "1", tmp_path / "2") == (
        f"{tmp_path}/2/"
        + (
            "utt2spk: a: also in a source before it (1 such ids); "
            if utt_id == "a"
            else "wav.scp or video.scp: r: a source before it has another recording of that name "
            "(1 such ids); "
        )
        + "give this source other ids with: utils/copy_data_dir.sh "
        + ("--utt-prefix x- " if utt_id == "a" else "")
        + f"--rec-prefix x- {tmp_path}/2 <new dir>"
    )
    prefixes = ["--utt-prefix=x-", "--rec-prefix=x-"][utt_id != "a" :]
    assert not run("copy", *prefixes, tmp_path / "2", tmp_path / "x")
    assert not run("combine", tmp_path / "3", tmp_path / "1", tmp_path / "x")
    data = read_data_dir(tmp_path / "3")
    assert data.tables["wav.scp"] == {"r": "/x/1.wav", "x-r": other["wav"]["r"]}
    assert sorted(data.tables["segments"].values()) == ["r 0 1", "x-r 0 1"]


def test_sound_here_and_picture_there_under_one_name_are_not_mixed(tmp_path: Path) -> None:
    sources = [
        cut(tmp_path / "1", {"a": "r"}, wav={"r": "/x/1.wav"}),
        cut(tmp_path / "2", {"b": "r"}, video={"r": "/x/1.mp4"}),
    ]
    with pytest.raises(DataDirError, match="another recording of that name"):
        combine(sources)


def test_whole_files_clash_with_recordings_and_the_cure_works(tmp_path: Path) -> None:
    cut(tmp_path / "1", {"a": "r"}, wav={"r": "/x/1.wav"})
    whole = {"utt2spk": {"r": "s"}, "wav.scp": {"r": "/y/1.wav"}}
    write_data_dir(tmp_path / "2", whole)
    message = run("combine", tmp_path / "3", tmp_path / "1", tmp_path / "2")
    assert message.endswith(f"copy_data_dir.sh --utt-prefix x- {tmp_path}/2 <new dir>")
    assert "--utt-prefix" in run("copy", "--rec-prefix=x-", tmp_path / "2", tmp_path / "x")
    assert not run("copy", "--utt-prefix=x-", tmp_path / "2", tmp_path / "x")
    assert not run("combine", tmp_path / "3", tmp_path / "1", tmp_path / "x")


def run(*arguments: object) -> str:
    """What a tool for data dirs says when it fails."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as error:
        return str(error.code).removeprefix("data_dir: DataDirError: ")
    return ""


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
    tables, _ = rename(segmented, str, str, lambda r: f"z-{r}")
    assert tables["segments"] == {"u": "z-r 0 1"} and tables["wav.scp"] == {"z-r": "r.wav"}
