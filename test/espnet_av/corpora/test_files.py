"""Files of a corpus under the suffix that is there."""

from __future__ import annotations

from pathlib import Path

from corpora_fixtures.clips import put

from espnet_av.corpora.files import file_of, list_names, visible_files


def test_the_first_suffix_that_is_there(tmp_path: Path) -> None:
    for name in ("a.flac", "b.wav", "b.flac"):
        put(tmp_path / name, "x")
    there, suffixes = list_names(tmp_path), (".wav", ".flac")
    names = [file_of(tmp_path, stem, suffixes, there).name for stem in ("a", "b", "c")]
    assert names == ["a.flac", "b.wav", "c.wav"]
    assert list_names(tmp_path / "none") == frozenset()


def test_hidden_twins_are_passed_over(tmp_path: Path) -> None:
    for name in ("y/b.WAV", "a.wav", "._a.wav", "__MACOSX/c.wav", "d.txt"):
        put(tmp_path / name, "x")
    assert visible_files(tmp_path, [".wav"]) == [tmp_path / "a.wav", tmp_path / "y/b.WAV"]
